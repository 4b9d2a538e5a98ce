// scan.ts reads JSON so that no other reader can understand it differently (RFC 8259 §4, §8.1). What passes has one
// meaning, so the bytes can be handed on as they came.

/** member is one member of an object: its name, and its value as it stands in the text. */
export interface Member {
  key: string
  raw: string
}

/** Rules are what an object must keep to besides the grammar. */
export interface Rules {
  /** Objects and arrays within each other. */
  maxDepth: number
  /** Refuses a key by throwing; object tells how the value of the object was reached: '' at the top. */
  key?: (key: string, escaped: boolean, object: string) => void
}

/** decodeText is the text of bytes that are plain UTF-8, without a byte order mark; undefined if they are not. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.startsWith('\ufeff') ? undefined : text
  } catch {
    return undefined
  }
}

/** isJSON tells whether text is one JSON value and nothing else. */
export function isJSON(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * scanObject returns the members of the object that text is. JSON.parse must have accepted the text before, so the
 * grammar is not looked at again. Objects at any depth must not have a key twice.
 */
export function scanObject(text: string, rules: Rules): Member[] {
  const scanner = new Scanner(text, rules)
  if (scanner.peek() !== '{') {
    throw new Error('not a JSON object')
  }
  return scanner.object(1, '')
}

class Scanner {
  private pos = 0

  constructor(
    private readonly text: string,
    private readonly rules: Rules,
  ) {}

  /** peek skips white space and tells what comes then. */
  peek(): string {
    while (' \t\r\n'.includes(this.text.charAt(this.pos)) && this.pos < this.text.length) {
      this.pos++
    }
    return this.text.charAt(this.pos)
  }

  /** object reads an object from its '{' to its '}'. */
  object(depth: number, path: string): Member[] {
    this.deeper(depth)
    const members: Member[] = []
    const seen = new Set<string>()
    this.pos++
    while (this.peek() !== '}') {
      if (this.peek() === ',') {
        this.pos++
        this.peek()
      }
      const key = this.key(path)
      if (seen.has(key)) {
        throw new Error('a member is there more than once')
      }
      seen.add(key)
      this.peek()
      this.pos++ // the colon
      this.peek()
      const start = this.pos
      this.value(depth, path === '' ? key : `${path}.${key}`)
      members.push({ key, raw: this.text.slice(start, this.pos) })
    }
    this.pos++
    return members
  }

  private key(path: string): string {
    const start = this.pos
    this.skipString()
    const raw = this.text.slice(start, this.pos)
    const escaped = raw.includes('\\')
    const key = escaped ? (JSON.parse(raw) as string).toWellFormed() : raw.slice(1, -1)
    this.rules.key?.(key, escaped, path)
    return key
  }

  private value(depth: number, path: string): void {
    switch (this.peek()) {
      case '{':
        this.object(depth + 1, path)
        return
      case '[':
        this.array(depth + 1, path)
        return
      case '"':
        this.skipString()
        return
    }
    while (this.pos < this.text.length && !',]} \t\r\n'.includes(this.text.charAt(this.pos))) {
      this.pos++
    }
  }

  private array(depth: number, path: string): void {
    this.deeper(depth)
    this.pos++
    while (this.peek() !== ']') {
      if (this.peek() === ',') {
        this.pos++
      }
      this.value(depth, path)
    }
    this.pos++
  }

  private deeper(depth: number): void {
    if (depth > this.rules.maxDepth) {
      throw new Error('the JSON is nested too deeply')
    }
  }

  /** skipString goes from an opening quote to behind the closing one. */
  private skipString(): void {
    for (this.pos++; this.text[this.pos] !== '"'; this.pos++) {
      if (this.text[this.pos] === '\\') {
        this.pos++
      }
    }
    this.pos++
  }
}
