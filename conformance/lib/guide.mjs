// guide.mjs reads the code out of a guide, so that a test runs what the page says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Guide is a page of docs/guides. Each of its code blocks has a language and a name: ```sh serve. */
export class Guide {
  #blocks = new Map();
  #used = new Set();

  constructor(page) {
    this.text = readFileSync(join(import.meta.dirname, '../../docs/guides', page), 'utf8');
    for (const [, name, code] of this.text.matchAll(/^```\w+ ?([\w.-]*)\n(.*?)^```$/gms)) {
      if (!name || this.#blocks.has(name)) throw new Error(`${page}: a block is called «${name}»; each needs a name of its own`);
      this.#blocks.set(name, code);
    }
  }

  /** block is the code of a block, with what the test has at other places than the page: [[from, to]…]. */
  block(name, places = []) {
    const code = this.#blocks.get(name);
    if (code === undefined) throw new Error(`the guide has no block ${name}`);
    this.#used.add(name);
    return places.reduce((text, [from, to]) => text.replaceAll(from, to), code);
  }

  /** unused is the names of the blocks that no test has asked for. */
  unused() {
    return [...this.#blocks.keys()].filter((name) => !this.#used.has(name));
  }
}
