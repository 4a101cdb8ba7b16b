"""Rendered pictures in a GPU's memory, which processes add to while the training runs."""
import mmap
import multiprocessing
import os
import time
from typing import NamedTuple, Optional

from training import makehuman, scenes, textures
from training.render import new_surroundings

import cv2
import numpy as np
import torch

SLOTS = 400  # pictures that a renderer may be ahead of the pool
PICTURES, PLACES = 250, 40  # rendered, and cut from photographs, with one set of surroundings
LEAST_PIECE = .3  # of a photograph's height in a picture of a place
SHAPE = scenes.HEIGHT, scenes.WIDTH, 3


class _Tray:
    """Memory that a renderer and the pool share: a ring of finished pictures."""

    def __init__(self) -> None:
        def zeros(shape: 'tuple[int, ...]', kind: type) -> np.ndarray:
            size = int(np.prod(shape)) * np.dtype(kind).itemsize
            return np.frombuffer(mmap.mmap(-1, size), kind).reshape(shape)

        self.images = zeros((SLOTS, *SHAPE), np.uint8)
        self.keypoints = zeros((SLOTS, scenes.MAX_PEOPLE, 17, 3), np.float32)
        self.made, self.taken = zeros((1,), np.int64), zeros((1,), np.int64)

    def put(self, image: np.ndarray, keypoints: 'np.ndarray | float') -> None:
        """Adds a picture, when there is room."""
        while self.made[0] - self.taken[0] >= SLOTS:
            time.sleep(.02)
        slot = int(self.made[0] % SLOTS)
        self.images[slot], self.keypoints[slot] = image, keypoints
        self.made[0] += 1


def _render(tray: _Tray, seed: 'tuple[int, int]', cast: makehuman.Cast,
            photographs: 'list[np.ndarray]') -> None:
    os.nice(5)
    cv2.setNumThreads(1)
    rng, canvas = np.random.default_rng(seed), scenes.new_canvas()
    while True:
        around = new_surroundings(rng, cast, photographs)
        for number in range(PICTURES):
            picture = scenes.random_picture(rng, around, canvas)
            tray.put(picture.image, picture.keypoints)
            if photographs and number % (PICTURES // PLACES) == 0:
                tray.put(textures.piece_of(rng, photographs, *SHAPE[:2], LEAST_PIECE), 0)


class Pictures(NamedTuple):
    """Some pictures of the pool and their truth."""

    images: torch.Tensor
    """[n, 3, HEIGHT, WIDTH] float, 0 to 255."""
    keypoints: torch.Tensor
    """[n, people, 17, 3] as in scenes.Picture."""


class Pool:
    """The newest pictures of all renderers. The first `held_out` ones are never drawn."""

    def __init__(self, capacity: int, held_out: int, workers: int, seed: int,
                 cast: makehuman.Cast, photographs: 'list[np.ndarray]'):
        """Starts the renderers: before any use of a GPU, since they are forked."""
        self._trays = [_Tray() for _ in range(workers)]
        context = multiprocessing.get_context('fork')
        self._processes = [
            context.Process(target=_render, args=(tray, (seed, i), cast, photographs), daemon=True)
            for i, tray in enumerate(self._trays)]
        for process in self._processes:
            process.start()
        self.capacity, self.held_out, self.made = capacity, held_out, 0
        self._images: Optional[torch.Tensor] = None

    def on(self, device: torch.device) -> 'Pool':
        """The same pool, its memory on this device."""
        self._images = torch.empty((self.capacity, *SHAPE), dtype=torch.uint8, device=device)
        self._keypoints = torch.zeros((self.capacity, scenes.MAX_PEOPLE, 17, 3), device=device)
        self._empty = torch.zeros(self.capacity, dtype=torch.bool, device=device)
        self._deserted = torch.zeros(0, dtype=torch.long, device=device)
        return self

    def __len__(self) -> int:
        return min(self.made, self.capacity)

    def add(self, images: np.ndarray, keypoints: np.ndarray) -> None:
        """Adds pictures; when the pool is full, over the oldest that are not held out."""
        device, done = self._images.device, 0
        while done < len(images):
            place = self.made
            if place >= self.capacity:
                room = self.capacity - self.held_out
                place = self.held_out + (place - self.held_out) % room
            end = min(len(images), done + self.capacity - place)
            to = slice(place, place + end - done)
            self._images[to] = torch.from_numpy(images[done:end]).to(device)
            self._keypoints[to] = torch.from_numpy(keypoints[done:end]).to(device)
            self._empty[to] = torch.from_numpy(~keypoints[done:end].any((1, 2, 3))).to(device)
            self.made += end - done
            done = end
        self._deserted = self._empty[self.held_out:len(self)].nonzero()[:, 0] + self.held_out

    def refill(self) -> None:
        """Takes what the renderers have finished.

        Raises:
          RuntimeError: all renderers have died.
        """
        if not any(process.is_alive() for process in self._processes):
            raise RuntimeError('all renderers have died')
        for tray in self._trays:
            taken, made = int(tray.taken[0]), int(tray.made[0])
            while taken < made:
                slot = taken % SLOTS
                some = slice(slot, slot + min(made - taken, SLOTS - slot))
                self.add(tray.images[some], tray.keypoints[some])
                taken += some.stop - some.start
            tray.taken[0] = taken

    def _some(self, index: torch.Tensor) -> Pictures:
        return Pictures(self._images[index].permute(0, 3, 1, 2).float(), self._keypoints[index])

    def draw(self, count: int) -> Pictures:
        """Random pictures."""
        return self._some(torch.randint(self.held_out, len(self), (count,),
                                        device=self._images.device))

    def draw_deserted(self, count: int) -> torch.Tensor:
        """Random images [count, 3, HEIGHT, WIDTH] without people."""
        chosen = torch.randint(len(self._deserted), (count,), device=self._images.device)
        return self._some(self._deserted[chosen]).images

    def unseen(self, first: int, count: int) -> Pictures:
        """Pictures that draw never gives."""
        return self._some(torch.arange(first, first + count, device=self._images.device))

    def close(self) -> None:
        """Ends the renderers."""
        for process in self._processes:
            process.terminate()

