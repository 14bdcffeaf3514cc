import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCodewords, dataCodewords, encode, formatBits } from '../../../src/edge/Web/Assets/qr.js';

// The worked example that tutorials of ISO/IEC 18004 use.
test('data and check codewords of HELLO WORLD at 1-M', () => {
  const { version, codewords } = dataCodewords('HELLO WORLD');
  assert.equal(version, 1);
  assert.deepEqual(codewords, [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]);
  assert.deepEqual(checkCodewords(codewords, 10), [196, 35, 39, 119, 235, 215, 231, 226, 93, 23]);
});

test('format bits of level M', () => {
  assert.equal(formatBits(0).toString(2), '101010000010010');
  assert.equal(formatBits(1).toString(2), '101000100100101');
});

test('a coupon code takes version 2, with finders in three corners', () => {
  const rows = encode('ABCD-EFGH-JKMN-PQRS-T');
  assert.equal(rows.length, 25);
  for (const [top, left] of [[0, 0], [0, 18], [18, 0]]) { assert.deepEqual(rows[top].slice(left, left + 7), new Array(7).fill(true)); }
  assert.ok(rows.flat().every((module) => typeof module === 'boolean'));
});

test('what is not alphanumeric goes as bytes', () => assert.equal(encode('abc~=').length, 21));

test('what does not fit is refused', () => assert.throws(() => encode('A'.repeat(100)), RangeError));
