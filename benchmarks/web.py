"""How fast the page's network is in a browser, beside Python on one thread.

examples:
  python3 benchmarks/web.py
  python3 benchmarks/web.py --browser firefox --model posenet_mobilenet_v1_075_353_481_quant_decoder
  python3 benchmarks/web.py --frames 10000                # is the memory level?

Both get the same frames of a clip, in turns of 20, so that other load of the machine meets both.
The figures are the ratios of their median times for a frame, of the times below which a tenth of
the frames stay, and of their processor times, which other load disturbs least. The browser's time
is that of estimateMultiplePoses in the page, the way to the worker and back included. Memory is
that of all of the browser's processes, which share some of it: what matters is whether it grows.
"""
import argparse
import base64
import contextlib
import os
import sys
import tempfile
import threading
import time
from typing import Any, Dict, List, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

from browsers import Chromium  # noqa: E402
from firefoxes import Firefox  # noqa: E402
from helpers import wait_for  # noqa: E402
from pose_engine import PoseEngine  # noqa: E402
from posesuite.camera import Camera  # noqa: E402
from posesuite.engine.catalogue import model_path  # noqa: E402
from posesuite.web.server import serve_site  # noqa: E402
from posesuite.web.site import make_site  # noqa: E402

MODEL = 'posenet_rendered_mobilenet_v1_075_353_481_quant_decoder'
TURN = 20  # frames
LOAD = '''import('/posenet.js').then(async posenet => {
  self.frames = [];
  self.net = await posenet.load({modelUrl: (await posenet.models())[0].url});
})'''
ADD = '''(() => {
  const rgb = Uint8Array.from(atob("%s"), c => c.charCodeAt(0));
  const frame = new ImageData(%d, %d);
  frame.data.fill(255);
  for (let i = 0; i < rgb.length; ++i) frame.data[i + Math.floor(i / 3)] = rgb[i];
  self.frames.push(frame);
})()'''
RUN = '''(async () => {
  const times = [];
  for (const frame of self.frames) {
    const start = performance.now();
    await net.estimateMultiplePoses(frame);
    times.push(performance.now() - start);
  }
  return times;
})()'''


def main() -> None:
    args = parse_args()
    with Camera(args.videosrc) as camera:
        images = [frame.image.copy() for frame, _ in zip(camera, range(TURN))]
    engine = PoseEngine(model_path(args.model), num_threads=1)
    site = make_site([args.model])
    urls: List[str] = []
    threading.Thread(target=serve_site, args=(site, ('127.0.0.1', 0)), daemon=True,
                     kwargs={'on_ready': urls.append}).start()
    wait_for(lambda: urls)
    with tempfile.TemporaryDirectory() as folder:
        browser: Any = (Firefox(folder) if args.browser == 'firefox' else
                        Chromium(folder, 800, 600))
        try:
            measure(args, browser, urls[0], images, engine)
        finally:
            browser.close()


def measure(args: argparse.Namespace, browser: Any, url: str, images: List[Any],
            engine: PoseEngine) -> None:
    browser.open(url + 'posenet.d.ts')  # any file but the page, which has a network of its own
    browser.run(LOAD)
    for image in images:
        browser.run(ADD % (base64.b64encode(image.tobytes()).decode(), image.shape[1],
                           image.shape[0]))
    in_browser: List[float] = []
    in_python: List[float] = []
    computed = [0.0, 0.0]  # seconds of processor time
    while len(in_browser) < args.frames:
        before = usage(browser.pid)[1]
        in_browser += browser.run(RUN)
        megabytes, after = usage(browser.pid)
        computed[0] += after - before
        if len(in_browser) % (TURN * 25) == 0 or len(in_browser) == TURN:
            print(f'{len(in_browser):6} frames: {megabytes:.0f} MB', flush=True)
        before = time.process_time()
        for image in images:
            start = time.perf_counter()
            engine.DetectPosesInImage(image)
            in_python.append(1000 * (time.perf_counter() - start))
        computed[1] += time.process_time() - before
    times = {name: [sorted(each)[len(each) * share // 10]
                    for each in (in_browser, in_python)]
             for name, share in (('median', 5), ('fastest tenth', 1))}
    times['processor time'] = [1000 * each / len(in_browser) for each in computed]
    for name, (web, python) in times.items():
        print(f'{name}: {args.browser} {web:.1f} ms a frame, Python on one thread {python:.1f} ms: '
              f'{python / web:.2f} of its rate')


def usage(pid: int) -> Tuple[float, float]:
    """Megabytes and seconds of processor time of a process and of those below it."""
    processes: Dict[int, List[str]] = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError), open(f'/proc/{name}/stat') as file:
            processes[int(name)] = file.read().rpartition(')')[2].split()
    pages = ticks = 0
    left = [pid]
    while left:
        each = left.pop()
        left += [child for child, fields in processes.items() if int(fields[1]) == each]
        ticks += sum(map(int, processes[each][11:13]))
        pages += int(processes[each][21])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6, ticks / os.sysconf('SC_CLK_TCK')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--browser', choices=('chromium', 'firefox'), default='chromium')
    parser.add_argument('--model', default=MODEL, metavar='FILE', help='default: %(default)s')
    parser.add_argument('--videosrc', default=os.path.join(ROOT, 'samples', 'one_person.mp4'))
    parser.add_argument('--frames', type=int, default=200, help='default: %(default)s')
    return parser.parse_args()


if __name__ == '__main__':
    main()
