// The server makes the module of the words from texts.json; here it is made in the same form.
import { readFileSync } from 'node:fs';

const made = 'texts:made';

export function resolve(specifier, context, next) {
  return specifier === './texts.js' ? { url: made, format: 'module', shortCircuit: true } : next(specifier, context);
}

export function load(url, context, next) {
  if (url !== made) { return next(url, context); }
  const both = Object.entries(JSON.parse(readFileSync(new URL('../../../src/edge/Web/Assets/texts.json', import.meta.url), 'utf8')));
  const texts = Object.fromEntries(['ko', 'en'].map((language) => [language, Object.fromEntries(both.map(([key, text]) => [key, text[language]]))]));
  return { format: 'module', shortCircuit: true, source: `export const texts = ${JSON.stringify(texts)};\nexport const problems = { ko: {}, en: {} };` };
}
