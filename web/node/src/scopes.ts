// scopes.ts: which scopes an operation needs and which a token covers (MCP 2026-07-28, Scope Minimization; RFC 6750 §3.1).

const maxScopes = 256

/** parseScope reads a space-separated list of at most 256 scopes, each once; undefined if it is none (RFC 6749 §3.3). */
export function parseScope(text: string): string[] | undefined {
  const scopes = [...new Set(text.split(' ').filter((scope) => scope !== ''))]
  return scopes.length <= maxScopes && scopes.every(isScope) ? scopes : undefined
}

/** isScope: printable ASCII without space, quote and backslash (RFC 6749 §3.3). */
export function isScope(scope: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)
}

/** union adds to a the scopes of b that it lacks. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])]
}

/** ScopeRules are scopes by the name of a tool or prompt, or by the URI of a resource. */
export type ScopeRules = Readonly<Record<string, readonly string[]>>

/** Rules finds the scopes of a name. A prefix rule is one whose key ends in '*'. */
export class Rules {
  private readonly exact: ReadonlyMap<string, readonly string[]>
  private readonly prefixes: readonly string[] // longest first

  constructor(rules: ScopeRules = {}) {
    this.exact = new Map(Object.entries(rules).map(([name, scopes]) => [name, [...scopes]]))
    this.prefixes = Object.keys(rules)
      .filter((name) => name.endsWith('*'))
      .sort((a, b) => b.length - a.length)
  }

  /** of is the scopes of the exact name, else of the longest prefix, else none. */
  of(name: string): readonly string[] {
    const prefix = this.prefixes.find((key) => name.startsWith(key.slice(0, -1)))
    return this.exact.get(name) ?? this.exact.get(prefix ?? '') ?? []
  }

  /** namingNone are the rules whose name is none of names. */
  namingNone(names: ReadonlySet<string>): string[] {
    return [...this.exact.keys()].filter((name) => !name.endsWith('*') && !names.has(name)).sort()
  }
}

/** Hierarchy knows what scopes imply, over any number of steps. */
export class Hierarchy {
  private readonly implied: ReadonlyMap<string, ReadonlySet<string>>

  constructor(implies: ScopeRules = {}) {
    const direct = new Map(Object.entries(implies))
    this.implied = new Map(
      [...direct.keys()].map((scope) => {
        const reached = new Set([scope])
        for (const one of reached) {
          for (const next of direct.get(one) ?? []) {
            reached.add(next) // a Set goes on to what is added while it is walked
          }
        }
        return [scope, reached]
      }),
    )
  }

  /** granted is the scopes with all that they imply. */
  granted(scopes: readonly string[]): ReadonlySet<string> {
    const all = new Set(scopes)
    for (const scope of scopes) {
      this.implied.get(scope)?.forEach((one) => all.add(one))
    }
    return all
  }
}
