"""The tables of the file of visits, which rows.py describes, in SQL.

`application_id` marks the file, `user_version` is its version.
"""
APPLICATION, VERSION = 0x76697369, 1  # application_id ('visi') and user_version of a store
SCHEMA = f"""
BEGIN;
CREATE TABLE runs (id INTEGER PRIMARY KEY, begun INTEGER, ended INTEGER, title TEXT,
                   width INTEGER, height INTEGER);
CREATE TABLE gaps (run INTEGER, begun INTEGER, ended INTEGER, why TEXT,
                   PRIMARY KEY (run, begun)) WITHOUT ROWID;
CREATE TABLE visits (id INTEGER PRIMARY KEY, run INTEGER, begun INTEGER, ended INTEGER);
CREATE TABLE positions (visit INTEGER, time INTEGER, x INTEGER, y INTEGER, height INTEGER,
                        flags INTEGER, PRIMARY KEY (visit, time)) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""
# Stores of version 1 may lack these tables, which are made when they are opened for writing.
ADDED = """
CREATE TABLE IF NOT EXISTS clocks (run INTEGER PRIMARY KEY, boot TEXT, zero INTEGER, first INTEGER,
                                   last INTEGER, confirmed INTEGER);
CREATE TABLE IF NOT EXISTS rooms (run INTEGER PRIMARY KEY, whole INTEGER, picture BLOB);
CREATE TABLE IF NOT EXISTS bodies (visit INTEGER, time INTEGER, facing INTEGER, left_x INTEGER,
                                   left_y INTEGER, right_x INTEGER, right_y INTEGER,
                                   PRIMARY KEY (visit, time)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activities (visit INTEGER, time INTEGER, activity TEXT, seconds INTEGER,
                                       times INTEGER, x INTEGER, y INTEGER,
                                       PRIMARY KEY (visit, time, activity)) WITHOUT ROWID;
"""
