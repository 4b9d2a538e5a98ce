// json.ts reads the documents of issuers and the claims of tokens: one meaning or none (RFC 8259 §4, RFC 8725 §2.4).

import { decodeText, isJSON, scanObject } from './scan.js'

const maxDepth = 16

/** Names are the members that a document is read for, by the object they are in: '' is the document itself. */
export type Names = Readonly<Record<string, readonly string[]>>

/**
 * Document is a JSON object whose members are read by name and kind. A member that is null is as absent, one of another
 * kind is an error.
 */
export class Document {
  private constructor(
    readonly text: string,
    private readonly raws: ReadonlyMap<string, string>,
  ) {}

  /**
   * read refuses what JSON.parse lets pass: a key twice, a key of names in other letters, bytes that are not UTF-8,
   * nesting deeper than 16. Members that names does not have are ignored.
   */
  static read(source: Uint8Array | string, names: Names): Document {
    const text = typeof source === 'string' ? source : decodeText(source)
    if (text === undefined) {
      throw new Error('the JSON is not plain UTF-8')
    }
    if (!isJSON(text)) {
      throw new Error('the JSON is malformed')
    }
    const folded = new Map<string, string>()
    for (const [object, members] of Object.entries(names)) {
      for (const name of members) {
        folded.set(`${object}\n${name}`, name)
      }
    }
    const members = scanObject(text, {
      maxDepth,
      key(key, _escaped, object) {
        const exact = folded.get(`${object}\n${foldName(key)}`)
        if (exact !== undefined && exact !== key) {
          throw new Error(`a member must be spelled ${JSON.stringify(exact)}`)
        }
      },
    })
    return new Document(text, new Map(members.map(({ key, raw }) => [key, raw])))
  }

  /** has tells whether the member is there, null or not. */
  has(name: string): boolean {
    return this.raws.has(name)
  }

  /** value is the member as JSON.parse reads it; undefined if it is absent or null. */
  value(name: string): unknown {
    const raw = this.raws.get(name)
    return raw === undefined ? undefined : (JSON.parse(raw) ?? undefined)
  }

  /** string is the member, '' if it is absent. */
  string(name: string): string {
    const value = this.value(name) ?? ''
    if (typeof value !== 'string') {
      throw wrongKind(name)
    }
    return value.toWellFormed()
  }

  /** boolean is the member, false if it is absent. */
  boolean(name: string): boolean {
    const value = this.value(name) ?? false
    if (typeof value !== 'boolean') {
      throw wrongKind(name)
    }
    return value
  }

  /** audience is the member as a list: a string or an array of strings (RFC 7519 §4.1.3). */
  audience(name: string): string[] {
    const value = this.value(name) ?? []
    const many: unknown[] = Array.isArray(value) ? value : [value]
    return many.map((one) => {
      if (typeof (one ?? '') !== 'string') {
        throw wrongKind(name)
      }
      return ((one ?? '') as string).toWellFormed()
    })
  }

  /** date is the member in seconds since the epoch, 0 if it is absent: a number from 0 to 2^53 (RFC 7519 §2). */
  date(name: string): number {
    const raw = this.raws.get(name)
    if (raw === undefined) {
      return 0
    }
    const seconds = Number(raw)
    const exact = /^-?\d+$/.test(raw) ? BigInt(raw) <= 2n ** 53n : seconds <= 2 ** 53
    if (!/^[-\d]/.test(raw) || !(seconds >= 0) || !exact) {
      throw new Error(`member ${JSON.stringify(name)} is not a time`)
    }
    return Math.trunc(seconds)
  }
}

function wrongKind(name: string): Error {
  return new Error(`member ${JSON.stringify(name)} has the wrong JSON type`)
}

/** foldName maps a name to what readers that do not mind case take for equal, with the letters that fold into ASCII. */
function foldName(name: string): string {
  return name.replaceAll('\u0130', 'i').toLowerCase().replaceAll('\u017f', 's')
}
