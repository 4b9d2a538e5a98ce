// tools.go: do the rules of Config.Tools name tools that there are? A misspelt one protects nothing.

package authwright

import (
	"cmp"
	"slices"
)

// CheckTools warns the operator, in the log, of each rule of Config.Tools that protects nothing, as no tool has its name.
// names are what the tools of the server are called. mcpsdk.Handler does it by itself; call it where the tools of a server
// are known to you alone.
func (r *Resource) CheckTools(names []string) {
	if len(names) == 0 {
		return
	}
	for _, rule := range r.needs.tools.namingNone(names) {
		r.log.Warn("a rule of Config.Tools protects nothing, as the server has no tool of that name",
			"resource", r.resource, "rule", rule, "nearest", nearest(rule, names))
	}
}

// nearest are the three names that are most like one that was meant to be among them.
func nearest(name string, names []string) []string {
	sorted := slices.Sorted(slices.Values(names))
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	return sorted[:min(3, len(sorted))]
}

// distance is how many bytes must be put in, taken out or changed to make one name of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // to each beginning of b, from the beginning of a that was read
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
