// tools.ts: do the rules for tools name tools that there are? A misspelt one protects nothing.

/** nearest are the three names that are most like one that was meant to be among them. */
export function nearest(name: string, names: Iterable<string>): string[] {
  const byDistance = [...names].sort().map((one) => ({ one, far: distance(name, one) }))
  return byDistance.sort((a, b) => a.far - b.far).slice(0, 3).map(({ one }) => one)
}

/** distance is how many characters must be put in, taken out or changed to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j) // to each beginning of b, from the beginning of a that was read
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(change, (next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
