// go-host.mjs: the application of goclient/, around the official Go MCP client.

import { Child } from './process.mjs';

/** GoHost is a running goclient; each command is a line, each answer a line. */
export class GoHost {
  #read = 0;

  constructor(url, person, args = []) {
    this.person = person;
    this.opened = [];
    this.child = new Child(process.env.AUTHWRIGHT_GO_CLIENT, ['-url', url, ...args]);
  }

  /** do gives a command and returns its result; on the way the person authorizes as often as asked. */
  async do(command) {
    const answer = await this.try(command);
    if (answer.error) throw this.child.complain(`${JSON.stringify(command)} failed: ${answer.error}`);
    return answer.result;
  }

  async try(command) {
    this.child.send(JSON.stringify(command));
    for (;;) {
      const line = await this.#line();
      if (!line.authorize) return line;
      this.opened.push(new URL(line.authorize));
      await this.person.authorize(line.authorize);
    }
  }

  async ready() {
    await this.#line();
    return this;
  }

  async #line() {
    const [, text] = await this.child.prints(/(.*)\n/, { from: this.#read });
    this.#read += text.length + 1;
    return JSON.parse(text);
  }
}
