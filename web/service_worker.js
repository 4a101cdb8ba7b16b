// Keeps the files of this folder, so that the page works without a network once it was open.
//
// A file is kept by its hash: of a new build only what differs is fetched, and what arrives is
// checked. A new build serves once no page of the old one is open.
'use strict';

const FILES = /* FILES */ {};  // by path: SHA-256 in hexadecimal; pose_web.py fills it
const CACHE = 'pose_web';
const ROOT = new URL('./', self.location).href;
// Kept when they are used: other models than the first, and the runtime for other browsers.
// Without these headers a page gets no threads; not every host of static files sends them.
const ISOLATION = {'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp'};
const RELAXED_SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10,
    15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11);

self.addEventListener('install', event => event.waitUntil(install()));
self.addEventListener('activate', event => event.waitUntil(activate()));
self.addEventListener('fetch', event => {
  const name = nameOf(event.request);
  if (name !== null) event.respondWith(fileFor(name));
});

async function install() {
  const models = await firstModel();
  // The page's next visit has threads, where the browser can.
  const runtime = WebAssembly.validate(RELAXED_SIMD) ? 'threaded_internal' : 'compat_internal';
  const other = new RegExp(`litert_wasm_(?!${runtime})`);
  const names = Object.keys(FILES).filter(name => !other.test(name) &&
      (!name.startsWith('models/') || name === models));
  await Promise.all(names.map(fileFor));
}

async function firstModel() {
  const response = await fileFor('models.json');
  return (await response.json())[0]?.url;
}

async function activate() {
  const cache = await caches.open(CACHE);
  const current = new Set(Object.keys(FILES).map(keyOf));
  for (const request of await cache.keys()) {
    if (!current.has(request.url)) await cache.delete(request);
  }
  await self.clients.claim();
}

/** The path of a file of this folder that a request is for; null for anything else. */
function nameOf(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET' || !url.href.startsWith(ROOT)) return null;
  const name = decodeURIComponent(`${url.origin}${url.pathname}`.slice(ROOT.length)) || 'index.html';
  return Object.hasOwn(FILES, name) ? name : null;
}

function keyOf(name) {
  return `${ROOT}${name}?sha256=${FILES[name]}`;
}

/** A file as it is kept, or else as it is fetched, checked and then kept. */
async function fileFor(name) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(keyOf(name));
  if (kept) return kept;
  const response = await fetch(`${ROOT}${name}`, {cache: 'no-cache', integrity: integrityOf(name)});
  if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
  const headers = new Headers(response.headers);
  for (const [key, value] of Object.entries(ISOLATION)) headers.set(key, value);
  const isolated = new Response(response.body, {headers});
  await cache.put(keyOf(name), isolated.clone());
  return isolated;
}

function integrityOf(name) {
  const bytes = FILES[name].match(/../g).map(pair => String.fromCharCode(parseInt(pair, 16)));
  return `sha256-${btoa(bytes.join(''))}`;
}
