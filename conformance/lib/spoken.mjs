// spoken.mjs: what the command lines of clients look like that are too large to come with the tests, and the address that
// any of them prints for its person.

// By each command, its words besides its name and its options with what they take, as `--help` tells it:
// Claude Code 2.1.330, Codex 0.169.0, Gemini CLI 0.61.0; and Visual Studio Code's page of its command line.
const commands = {
  'claude mcp add': { words: 2, options: { '--transport': /^(http|sse|stdio)$/, '--scope': /^(local|user|project)$/, '--client-id': /./, '--callback-port': /^\d+$/ } },
  'claude mcp login': { words: 1, options: { '--no-browser': true } },
  'claude mcp logout': { words: 1, options: {} },
  'claude mcp remove': { words: 1, options: { '--scope': /^(local|user|project)$/ } },
  'claude mcp list': { words: 0, options: {} },
  'codex mcp add': { words: 1, options: { '--url': /^(https?:|URL$)/, '--oauth-client-id': /./ } },
  'codex mcp login': { words: 1, options: { '--scopes': /^[\w.]+(,[\w.]+)*$/, '--no-browser': true } },
  'codex mcp logout': { words: 1, options: {} },
  'codex mcp list': { words: 0, options: {} },
  'gemini mcp add': { words: 2, options: { '--transport': /^(http|sse|stdio)$/, '--scope': /^(user|project)$/ } },
  'gemini mcp remove': { words: 1, options: { '--scope': /^(user|project)$/ } },
  'gemini mcp list': { words: 0, options: {} },
  gemini: { words: 0, options: { '--prompt': /^\/mcp auth \w+$/ } },
  code: { words: 0, options: { '--add-mcp': /^\{.*\}$/ } },
};

/** authorizeURL is the address that a client asks its person to open, when it stands there whole. */
export const authorizeURL = /https?:\/\/[\w.:-]+\/(?:[\w/-]+\/)?authorize\?[\w%.=&+~-]+(?=[\s\x07\x1b])/;

/** spoken reads a command line of a client: its options, and what is wrong with it. */
export function spoken(line) {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const name = Object.keys(commands).find((command) => words.slice(0, command.split(' ').length).join(' ') === command);
  if (!name) return { options: {}, wrong: [`${line} is no command of a client`] };
  const { options: known, words: wanted } = commands[name];
  const rest = words.slice(name.split(' ').length);
  const [options, wrong, plain] = [{}, [], []];
  while (rest.length > 0) {
    const word = rest.shift();
    if (!word.startsWith('--')) {
      plain.push(word);
    } else if (known[word] === undefined) {
      wrong.push(`${name} has no option ${word}`);
    } else {
      options[word] = known[word] === true ? true : rest.shift() ?? '';
      if (known[word] !== true && !known[word].test(options[word])) wrong.push(`${name} ${word} does not take ${options[word]}`);
    }
  }
  if (plain.length !== wanted) wrong.push(`${name} takes ${wanted} words and has ${plain.join(' ')}`);
  return { options, wrong };
}
