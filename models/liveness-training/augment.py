"""What a training crop goes through. Every step is named after the shortcut that it takes away.

Order as in the world: the face (or the picture of it, `recapture`), the frame around it (`rim`), the place of the crop
(`cut`), the light (`light`), the lens and sensor (`camera`). The teacher looks between `cut` and `light`: the student has
to say of the dark and noisy crop what the teacher says of the clean one.
"""

import cv2
import numpy as np

SIZE = 96
DOUBLE = 2 * SIZE
TEACHER = 80
PRINT, SCREEN = 1, 2
_y, _x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


def chance(random, share):
    return random.random() < share


def clamped(face, scale, height, width):
    """Centre and side of the crop as the gate takes it: shrunk and shifted until it lies inside the picture."""
    x, y, side = face
    side = min(scale * side, height, width)
    half = side / 2
    return min(max(x, half), width - half), min(max(y, half), height - half), side


def plain(pixels, face, scale, size=SIZE):
    """The crop of the gate and of the judge: clamped square, area averaging."""
    height, width = pixels.shape[:2]
    x, y, side = clamped(face, scale, height, width)
    side = max(8, int(round(side)))
    left, top = int(round(min(max(x - side / 2, 0), width - side))), int(round(min(max(y - side / 2, 0), height - side)))
    piece = pixels[top : top + side, left : left + side]
    return cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)


def cut(pixels, face, scale, random):
    """Against one camera's box size and place: scale is drawn by the caller, shift 12 %, turn 15 degrees, mirror. 192 x 192."""
    height, width = pixels.shape[:2]
    x, y, side = face
    moved = (x + side * random.uniform(-0.12, 0.12), y + side * random.uniform(-0.12, 0.12), side)
    x, y, side = clamped(moved, scale, height, width)
    angle = np.radians(random.uniform(-15, 15)) if chance(random, 0.5) else 0.0
    zoom = DOUBLE / side
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    flip = -1 if chance(random, 0.5) else 1
    # Without a turn nothing outside the picture is needed; with one the corners are mirrored.
    matrix = np.float64([[flip * c, flip * s, 0], [-s, c, 0]])
    matrix[:, 2] = SIZE - matrix[:, :2] @ (x, y)
    return cv2.warpAffine(pixels, matrix, (DOUBLE, DOUBLE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def smooth_noise(random, cells):
    return cv2.resize(random.standard_normal((cells, cells), np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def gamut(crop, random):
    """Ink and panels reach neither black nor white nor all colours: black lifted, white lowered, colours mixed."""
    values = crop.astype(np.float32)
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * random.uniform(0.5, 1.25)
    mix = np.eye(3, dtype=np.float32) + random.uniform(-0.1, 0.1, (3, 3)).astype(np.float32)
    values = values @ (mix / mix.sum(1, keepdims=True)).T
    low, high = random.uniform(0, 45), random.uniform(175, 255)
    return low + values.clip(0, 255) * ((high - low) / 255)


def gloss(values, random):
    """A lamp in the glass or on the paper: a soft streak or spot."""
    a = random.uniform(0, np.pi)
    u = (_x - random.uniform(0, SIZE)) * np.cos(a) + (_y - random.uniform(0, SIZE)) * np.sin(a)
    v = -_x * np.sin(a) + _y * np.cos(a) - random.uniform(-40, 60)
    spot = np.exp(-((u / random.uniform(5, 25)) ** 2) - (v / random.uniform(10, 120)) ** 2)
    return values + spot[..., None] * random.uniform(20, 130) * random.uniform(0.8, 1, 3).astype(np.float32)


def moire(values, random):
    """Panel against sensor: one to three bent gratings, a phase for each colour."""
    strength = random.uniform(0.03, 0.16)
    bend = smooth_noise(random, 4) * random.uniform(0, 2.5)
    wave = np.zeros((SIZE, SIZE, 3), np.float32)
    for _ in range(random.integers(1, 4)):
        a, f = random.uniform(0, np.pi), 2 * np.pi * np.exp(random.uniform(np.log(0.03), np.log(0.45)))
        base = f * (_x * np.cos(a) + _y * np.sin(a)) + bend
        for channel, phase in enumerate(random.uniform(0, 2.2, 3)):
            wave[..., channel] += np.sin(base + phase)
    return values * (1 + strength * wave)


def grid(values, random):
    """The panel's own cells or scan lines, where the camera is near enough to see them."""
    pitch, a = random.uniform(2.1, 5), random.uniform(-0.15, 0.15)
    u, v = _x * np.cos(a) + _y * np.sin(a), _y * np.cos(a) - _x * np.sin(a)
    lines = np.cos(2 * np.pi * v / pitch)[..., None] * random.uniform(0, 0.15)
    stripes = np.stack([np.cos(2 * np.pi * (u / pitch + k / 3)) for k in range(3)], 2) * random.uniform(0.04, 0.18)
    return values * (1 + lines + stripes)


def dots(values, random):
    """Halftone: a turned screen for each ink, strongest in the middle tones."""
    pitch, strength = random.uniform(2.1, 6), random.uniform(25, 110)
    out = values.copy()
    for channel, a in enumerate(np.radians([15, 75, 0]) + random.uniform(0, np.pi)):
        u, v = _x * np.cos(a) + _y * np.sin(a), _y * np.cos(a) - _x * np.sin(a)
        tone = (values[..., channel] / 255).clip(0, 1)
        out[..., channel] += strength * tone * (1 - tone) * 2 * np.cos(2 * np.pi * u / pitch) * np.cos(2 * np.pi * v / pitch)
    return out


def grain(values, random):
    """Paper fibre and banding of a printer."""
    fibre = smooth_noise(random, int(random.integers(20, 60))) * random.uniform(2, 9)
    bands = np.sin(2 * np.pi * (_y * np.cos(0.05) + _x * random.uniform(-0.1, 0.1)) / random.uniform(4, 20)) * random.uniform(0, 8)
    return values + (fibre + bands)[..., None]


def recapture(crop, random):
    """A living face becomes a picture of one. Returns crop and class. At least one texture is always there: gamut, blur and
    gloss alone also befall living faces (`lookalike`), so they are no proof."""
    screen = chance(random, 0.55)
    if chance(random, 0.6):
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.4, 1.2))
    values = gamut(crop, random)
    if screen:
        kind = random.random()
        if kind < 0.75:
            values = moire(values, random)
        if kind > 0.55:
            values = grid(values, random)
        values *= random.uniform(0.85, 1.25)
    else:
        kind = random.random()
        if kind < 0.7:
            values = dots(values, random)
        if kind > 0.5:
            values = grain(values, random)
    if chance(random, 0.3):
        values = gloss(values, random)
    if chance(random, 0.5):
        values = cv2.GaussianBlur(values, (0, 0), random.uniform(0.3, 0.8))
    return values.clip(0, 255).astype(np.uint8), SCREEN if screen else PRINT


def lookalike(crop, random):
    """What recapture does beside its textures, on any crop: it must not be proof of an attack."""
    if chance(random, 0.12):
        crop = gamut(crop, random).clip(0, 255).astype(np.uint8)
    if chance(random, 0.06):
        crop = gloss(crop.astype(np.float32), random).clip(0, 255).astype(np.uint8)
    return crop


def rim(pixels, face, random, others):
    """A phone, tablet or sheet: the picture around a face is set into another frame. Returns pixels, face and class.

    Only borderless screens are in some sources, only rimmed ones in others."""
    height, width = pixels.shape[:2]
    x, y, side = face
    aspect = random.uniform(0.6, 1.5)
    half_w = side * random.uniform(0.6, 1.1)
    half_h = half_w / aspect if aspect < 1 else half_w * random.uniform(0.9, 1.3)
    left, right = max(0, int(x - half_w)), min(width, int(x + half_w))
    top, bottom = max(0, int(y - half_h)), min(height, int(y + half_h))
    piece = pixels[top:bottom, left:right]
    screen = chance(random, 0.55)
    edge = int(side * random.uniform(0.02, 0.3)) + 1
    colour = random.uniform(0, 50) + random.uniform(-6, 6, 3) if screen else random.uniform(170, 250) + random.uniform(-12, 12, 3)
    if not screen and chance(random, 0.3):
        edge = 1
    piece = cv2.copyMakeBorder(piece, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=[float(c) for c in colour.clip(0, 255)])
    back, (bx, by, bside) = others
    back = back.copy()
    bh, bw = back.shape[:2]
    ph, pw = piece.shape[:2]
    # The picture lies over the place of the other frame's face, so that it shows no second one.
    zoom = max(1.15 * bside / max(1, min(ph, pw)), random.uniform(0.5, 0.9) * min(bh / ph, bw / pw))
    zoom = min(zoom, bh / ph, bw / pw)
    corners = np.float32([[0, 0], [pw, 0], [pw, ph], [0, ph]])
    middle = np.float32([min(max(bx, zoom * pw / 2), bw - zoom * pw / 2), min(max(by, zoom * ph / 2), bh - zoom * ph / 2)])
    a = np.radians(random.uniform(-15, 15))
    turn = np.float32([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    target = (corners - (pw / 2, ph / 2)) * zoom @ turn.T + middle + random.uniform(-0.06, 0.06, (4, 2)) * zoom * min(pw, ph)
    matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
    cv2.warpPerspective(piece, matrix, (bw, bh), dst=back, borderMode=cv2.BORDER_TRANSPARENT)
    point = cv2.perspectiveTransform(np.float32([[[x - left + edge, y - top + edge]]]), matrix)[0, 0]
    return back, (float(point[0]), float(point[1]), side * zoom), SCREEN if screen else PRINT


def rectangles(pixels, face, random):
    """Doors, windows, posters beside a living face: a straight edge is no proof."""
    height, width = pixels.shape[:2]
    x, y, side = face
    out = pixels.copy()
    for _ in range(random.integers(1, 4)):
        w, h = random.uniform(0.3, 2, 2) * side
        left, top = random.uniform(-w / 2, width - w / 2), random.uniform(-h / 2, height - h / 2)
        if left < x + 0.65 * side and left + w > x - 0.65 * side and top < y + 0.75 * side and top + h > y - 0.75 * side:
            continue
        colour = [float(c) for c in (random.uniform(0, 255) + random.uniform(-30, 30, 3)).clip(0, 255)]
        thick = -1 if chance(random, 0.5) else int(random.integers(1, 8))
        cv2.rectangle(out, (int(left), int(top)), (int(left + w), int(top + h)), colour, thick)
    return out


def light(crop, random):
    """Against one office's orange lamp, one room's brightness, backlight; grey against colour as such."""
    values = crop.astype(np.float32) * (1 / 255)
    if chance(random, 0.8):
        values *= np.exp(random.uniform(-0.25, 0.25, 3)).astype(np.float32)
    if chance(random, 0.6):
        grey = values.mean(2, keepdims=True)
        values = grey + (values - grey) * np.float32(0 if chance(random, 0.08) else random.uniform(0.4, 1.4))
    if chance(random, 0.25):
        # Light from one side or from behind.
        a = random.uniform(0, 2 * np.pi)
        if chance(random, 0.5):
            slope = ((_x - SIZE / 2) * np.cos(a) + (_y - SIZE / 2) * np.sin(a)) / SIZE
        else:
            slope = ((_x - SIZE / 2) ** 2 + (_y - SIZE / 2) ** 2) / (SIZE / 2) ** 2 - 0.5
        values *= np.exp(slope * random.uniform(-0.8, 0.8))[..., None]
    values = (values * np.float32(np.exp(random.uniform(-0.25, 0.2)))).clip(0, 1)
    if chance(random, 0.6):
        values **= np.float32(np.exp(random.uniform(-0.35, 0.35)))
    if chance(random, 0.1):
        values *= np.float32(np.exp(random.uniform(np.log(0.12), np.log(0.5))))
    return values * 255


def camera(values, random):
    """Against one lens, one resolution, one sensor, one JPEG; a hole now and then, so that no single place decides."""
    kind = random.random()
    if kind < 0.2:
        values = cv2.GaussianBlur(values, (0, 0), random.uniform(0.4, 1.7))
    elif kind < 0.25:
        length = int(random.integers(3, 8))
        kernel = np.eye(length, dtype=np.float32) if chance(random, 0.5) else np.zeros((length, length), np.float32)
        kernel[length // 2] += 1.0
        values = cv2.filter2D(values, -1, kernel / kernel.sum())
    elif kind < 0.45:
        small = int(random.integers(30, 80))
        values = cv2.resize(cv2.resize(values, (small, small), interpolation=cv2.INTER_AREA), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    elif kind < 0.52:
        values = values + 0.8 * (values - cv2.GaussianBlur(values, (0, 0), 1.0))
    if chance(random, 0.4):
        noise = random.standard_normal(values.shape, np.float32)
        if chance(random, 0.4):
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 2
        values = values + noise * np.float32(np.exp(random.uniform(0, np.log(16))))
    crop = values.clip(0, 255).astype(np.uint8)
    if chance(random, 0.45):
        _, jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 95))])
        crop = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    if chance(random, 0.2):
        w, h = random.integers(10, 40, 2)
        left, top = random.integers(0, SIZE - w), random.integers(0, SIZE - h)
        crop[top : top + h, left : left + w] = random.integers(0, 256, 3)
    return crop


def shuffled(crop, random):
    """Against people and rooms learnt by heart: the tiles change places, what is left is what the crop is made of."""
    parts = int(random.integers(2, 5))
    size = SIZE // parts
    tiles = [crop[r * size : (r + 1) * size, c * size : (c + 1) * size] for r in range(parts) for c in range(parts)]
    order, out = random.permutation(len(tiles)), crop.copy()
    for k, tile in enumerate(order):
        r, c = divmod(k, parts)
        out[r * size : (r + 1) * size, c * size : (c + 1) * size] = tiles[tile]
    return out


def finished(crop, random):
    """Three in ten keep the picture's own lens and sensor: the finest textures are there only."""
    values = light(lookalike(crop, random), random)
    return values.clip(0, 255).astype(np.uint8) if chance(random, 0.3) else camera(values, random)


def halved(crop):
    return cv2.resize(crop, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
