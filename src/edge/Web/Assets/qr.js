// QR codes (ISO/IEC 18004) of short texts: versions 1 to 3, error correction M, one block, which is as much as a coupon's code needs. Pure: an array of rows of booleans.

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const versions = [{ data: 16, check: 10 }, { data: 28, check: 16 }, { data: 44, check: 26 }];

// GF(256) with the standard's polynomial x^8 + x^4 + x^3 + x^2 + 1.
const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  exp[i] = exp[i + 255] = x;
  log[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const multiply = (a, b) => (a === 0 || b === 0 ? 0 : exp[log[a] + log[b]]);

/** The data codewords of the smallest version that holds the text, and that version. Upper case, digits and some signs take less room; anything else goes as UTF-8. */
export function dataCodewords(text) {
  const isAlphanumeric = [...text].every((character) => alphabet.includes(character));
  const bits = [];
  const put = (value, length) => { for (let i = length - 1; i >= 0; i--) { bits.push((value >> i) & 1); } };
  if (isAlphanumeric) {
    put(0b0010, 4);
    put(text.length, 9);
    for (let i = 0; i < text.length; i += 2) {
      const first = alphabet.indexOf(text[i]);
      if (i + 1 < text.length) { put(first * 45 + alphabet.indexOf(text[i + 1]), 11); } else { put(first, 6); }
    }
  } else {
    const bytes = new TextEncoder().encode(text);
    put(0b0100, 4);
    put(bytes.length, 8);
    for (const byte of bytes) { put(byte, 8); }
  }
  const index = versions.findIndex((version) => bits.length <= version.data * 8);
  if (index < 0) { throw new RangeError('The text is too long for a QR code of this page.'); }
  const capacity = versions[index].data * 8;
  put(0, Math.min(4, capacity - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) { put(pad, 8); }
  const codewords = [];
  for (let i = 0; i < bits.length; i += 8) { codewords.push(Number.parseInt(bits.slice(i, i + 8).join(''), 2)); }
  return { version: index + 1, codewords };
}

/** The Reed-Solomon remainder. */
export function checkCodewords(data, count) {
  let generator = [1];
  for (let i = 0; i < count; i++) {
    const next = new Array(generator.length + 1).fill(0);
    generator.forEach((value, at) => { next[at] ^= value; next[at + 1] ^= multiply(value, exp[i]); });
    generator = next;
  }
  const rest = [...data, ...new Array(count).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const factor = rest[i];
    generator.forEach((value, at) => { rest[i + at] ^= multiply(value, factor); });
  }
  return rest.slice(data.length);
}

/** The fifteen format bits of level M and a mask, as a number. */
export function formatBits(mask) {
  let rest = mask << 10; // Level M is 00.
  for (let bit = 14; bit >= 10; bit--) { if ((rest >> bit) & 1) { rest ^= 0x537 << (bit - 10); } }
  return ((mask << 10) | rest) ^ 0x5412;
}

const masks = [
  (r, c) => (r + c) % 2 === 0, (r) => r % 2 === 0, (r, c) => c % 3 === 0, (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0, (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0, (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

/** The symbol without its quiet zone. */
export function encode(text) {
  const { version, codewords } = dataCodewords(text);
  const bits = [...codewords, ...checkCodewords(codewords, versions[version - 1].check)].flatMap((word) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((word >> bit) & 1) === 1));
  const candidates = masks.map((_, mask) => draw(version, bits, mask));
  return candidates.reduce((best, candidate) => (penalty(candidate) < penalty(best) ? candidate : best));
}

function draw(version, bits, mask) {
  const size = 17 + 4 * version;
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const finder = (top, left) => {
    for (let r = -1; r <= 7; r++) {
      for (let c = -1; c <= 7; c++) {
        if (rows[top + r]?.[left + c] === undefined) { continue; }
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        rows[top + r][left + c] = ring !== 2 && ring !== 4;
      }
    }
  };
  finder(0, 0);
  finder(0, size - 7);
  finder(size - 7, 0);
  if (version > 1) {
    for (let r = -2; r <= 2; r++) { for (let c = -2; c <= 2; c++) { rows[size - 7 + r][size - 7 + c] = Math.max(Math.abs(r), Math.abs(c)) !== 1; } }
  }
  for (let i = 8; i < size - 8; i++) { rows[6][i] = rows[i][6] = i % 2 === 0; }
  const format = formatBits(mask);
  for (let i = 0; i < 15; i++) {
    const on = ((format >> i) & 1) === 1;
    rows[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i][8] = on;
    rows[8][i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i] = on;
  }
  rows[size - 8][8] = true;
  let next = 0;
  let isUpward = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) { right = 5; }
    for (let i = 0; i < size; i++) {
      const r = isUpward ? size - 1 - i : i;
      for (const c of [right, right - 1]) {
        if (rows[r][c] === null) { rows[r][c] = (bits[next++] ?? false) !== masks[mask](r, c); }
      }
    }
    isUpward = !isUpward;
  }
  return rows;
}

// The standard's four rules: runs, blocks, what looks like a finder, imbalance.
function penalty(rows) {
  const size = rows.length;
  const lines = [...rows, ...rows.map((_, c) => rows.map((row) => row[c]))].map((line) => line.map((on) => (on ? '1' : '0')).join(''));
  let points = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) { points += run.length - 2; }
    for (const pattern of ['00001011101', '10111010000']) { for (let at = line.indexOf(pattern); at >= 0; at = line.indexOf(pattern, at + 1)) { points += 40; } }
  }
  for (let r = 0; r + 1 < size; r++) {
    for (let c = 0; c + 1 < size; c++) { if (rows[r][c] === rows[r][c + 1] && rows[r][c] === rows[r + 1][c] && rows[r][c] === rows[r + 1][c + 1]) { points += 3; } }
  }
  const dark = rows.flat().filter(Boolean).length / (size * size);
  return points + Math.floor(Math.abs(dark - 0.5) * 20) * 10;
}
