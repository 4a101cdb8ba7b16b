"""The house plan of docs/development.md, held against the code's own imports and sizes."""
import ast
import glob
import importlib
import os
import subprocess
from typing import Dict, Iterator, List, Set, Tuple

from helpers import ROOT

MAX_LINES = 300
# A module may import from those of a lower number, and from its own folder.
LAYERS = {'__init__': 0, 'addresses': 0, 'errors': 0, 'files': 0, 'core_dumps': 0,
          'language': 0, 'arguments': 1, 'tokens': 1, 'child': 1, 'page_server': 1, 'script': 2,
          'transfer': 2, 'download': 3, 'pose': 3, 'engine': 4, 'activities': 4, 'publish': 4,
          'camera': 5, 'display': 5, 'privacy': 6, 'serving': 6, 'visits': 6, 'music': 6,
          'checks': 7, 'fleet': 7, 'web': 7}
SCRIPTS = [os.path.splitext(os.path.basename(path))[0]
           for path in glob.glob(os.path.join(glob.escape(ROOT), '*.py'))]


def sources(folder: str = 'posesuite') -> List[str]:
    return sorted(glob.glob(os.path.join(glob.escape(ROOT), folder, '**', '*.py'), recursive=True))


def module(path: str) -> str:
    name = os.path.relpath(path, ROOT)[:-len('.py')].replace(os.sep, '.')
    return name[:-len('.__init__')] if name.endswith('.__init__') else name


def parse(path: str) -> ast.AST:
    with open(path, encoding='utf-8') as file:
        return ast.parse(file.read(), path)


def imports(path: str) -> Iterator[str]:
    """What a file imports, wherever it does so; names of modules where they are such."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: a relative import'
            for alias in node.names:
                full = f'{node.module}.{alias.name}'
                yield full if full in MODULES else node.module


MODULES = {module(path) for path in sources()}


def folder_of(name: str) -> str:
    return (name.split('.') + ['__init__'])[1]


def test_imports_point_down():
    assert len(MODULES) > 30
    for path in sources():
        own = folder_of(module(path))
        for name in imports(path):
            assert name.split('.')[0] not in SCRIPTS, f'{path} imports the script {name}'
            if name.split('.')[0] == 'posesuite':
                there = folder_of(name)
                assert there == own or LAYERS[there] < LAYERS[own], f'{path} imports {name}'


def test_no_cycles():
    graph: Dict[str, Set[str]] = {module(path): {name for name in imports(path) if name in MODULES}
                                  for path in sources()}
    packages = {module(path) for path in sources() if path.endswith('__init__.py')}
    for package in packages:  # they only gather names
        del graph[package]
    done: Set[str] = set()

    def visit(name: str, path: Tuple[str, ...]) -> None:
        assert name not in path, ' -> '.join([*path, name])
        if name not in done:
            for other in graph[name] & set(graph):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert len(done) == len(graph)


def test_demos_do_not_import_demos():
    assert {'pose_camera', 'simple_pose', 'anonymizer', 'synthesizer'} <= set(SCRIPTS)
    for script in SCRIPTS:
        used = {name.split('.')[0] for name in imports(os.path.join(ROOT, script + '.py'))}
        assert used & set(SCRIPTS) <= {'pose_engine'}, script


def test_files_are_short():
    listed = subprocess.run(['git', 'ls-files', '-z', '*.py', '*.cc', '*.h', '*.sh', '*.html'],
                            cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    lengths = {}
    for name in filter(None, listed.split('\0')):
        if os.path.exists(os.path.join(ROOT, name)):
            with open(os.path.join(ROOT, name), encoding='utf-8') as file:
                lengths[name] = len(file.readlines())
    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_namespaces_end_at_the_options():
    """Below a script, only from_args, functions of options and main() read a parser's result."""
    seen = 0
    for path in sources():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (
                    node.value.id == 'args'):
                seen += 1
                assert any(function.lineno <= node.lineno <= last_line(function)
                           for function in readers(path)), f'{path}:{node.lineno}'
    assert seen > 10


def readers(path: str) -> List[ast.FunctionDef]:
    options = os.path.basename(path) == 'options.py'
    return [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef)
            and (options or node.name in ('from_args', 'main'))]


def last_line(node: ast.AST) -> int:
    return max(getattr(child, 'lineno', 0) for child in ast.walk(node))


def test_every_folder_says_its_job():
    folders = {os.path.dirname(path) for path in sources()}
    assert len(folders) >= 9
    for folder in folders:
        text = ast.get_docstring(parse(os.path.join(folder, '__init__.py')))
        assert text and text.splitlines()[0].endswith('.'), folder


def test_what_tools_import_from_the_library_is_there():
    """Few of them are run by other tests, as they need PyTorch, or hours."""
    wanted = {(node.module, alias.name) for folder in ('benchmarks', 'tools', 'training')
              for path in sources(folder) for node in ast.walk(parse(path))
              if isinstance(node, ast.ImportFrom) and node.module in MODULES
              for alias in node.names}
    assert len(wanted) > 30
    assert [f'{name} in {place}' for place, name in sorted(wanted)
            if f'{place}.{name}' not in MODULES
            and not hasattr(importlib.import_module(place), name)] == []
