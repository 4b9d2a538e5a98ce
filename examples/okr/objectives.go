// objectives.go keeps the objectives of organizations, in memory and within bounds.

package okr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	maxOrganizations = 1000
	maxObjectives    = 50 // per organization
	maxKeyResults    = 20 // per objective
	maxTitle         = 200
)

// Objective is what an organization wants to reach.
type Objective struct {
	ID         string      `json:"id"`
	Title      string      `json:"title"`
	KeyResults []KeyResult `json:"key_results"`
}

// KeyResult is how it will know.
type KeyResult struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Attainment int    `json:"attainment"` // percent
}

// books are the objectives of organizations, by their id.
type books struct {
	mu            sync.Mutex
	organizations map[string]*book
}

type book struct {
	objectives []Objective
	last       int // the highest id so far; none is given twice
}

func (b *book) nextID() string {
	b.last++
	return strconv.Itoa(b.last)
}

// attainment is the mean of an objective's key results.
func (o Objective) attainment() int {
	if len(o.KeyResults) == 0 {
		return 0
	}
	sum := 0
	for _, result := range o.KeyResults {
		sum += result.Attainment
	}
	return sum / len(o.KeyResults)
}

func (b *books) of(organization string) []Objective {
	b.mu.Lock()
	defer b.mu.Unlock()
	copied := []Objective{}
	if book := b.organizations[organization]; book != nil {
		for _, objective := range book.objectives {
			objective.KeyResults = append([]KeyResult{}, objective.KeyResults...)
			copied = append(copied, objective)
		}
	}
	return copied
}

func (b *books) ids() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.organizations))
}

// edit runs a function on the book of an organization.
func (b *books) edit(organization string, do func(*book) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.organizations == nil {
		b.organizations = make(map[string]*book)
	}
	if b.organizations[organization] == nil {
		if len(b.organizations) >= maxOrganizations {
			return errors.New("this demo holds no more organizations")
		}
		b.organizations[organization] = &book{}
	}
	return do(b.organizations[organization])
}

func (b *book) addObjective(title string) (Objective, error) {
	title, err := checkTitle(title)
	if err != nil {
		return Objective{}, err
	}
	if len(b.objectives) >= maxObjectives {
		return Objective{}, fmt.Errorf("an organization has at most %d objectives", maxObjectives)
	}
	objective := Objective{ID: b.nextID(), Title: title, KeyResults: []KeyResult{}}
	b.objectives = append(b.objectives, objective)
	return objective, nil
}

func (b *book) deleteObjective(id string) (Objective, error) {
	for n, objective := range b.objectives {
		if objective.ID == id {
			b.objectives = slices.Delete(b.objectives, n, n+1)
			return objective, nil
		}
	}
	return Objective{}, fmt.Errorf("there is no objective %q", id)
}

func (b *book) addKeyResult(objective, title string) (KeyResult, error) {
	title, err := checkTitle(title)
	if err != nil {
		return KeyResult{}, err
	}
	for n := range b.objectives {
		o := &b.objectives[n]
		if o.ID != objective {
			continue
		}
		if len(o.KeyResults) >= maxKeyResults {
			return KeyResult{}, fmt.Errorf("an objective has at most %d key results", maxKeyResults)
		}
		result := KeyResult{ID: b.nextID(), Title: title}
		o.KeyResults = append(o.KeyResults, result)
		return result, nil
	}
	return KeyResult{}, fmt.Errorf("there is no objective %q", objective)
}

func (b *book) setAttainment(id string, percent int) (KeyResult, error) {
	if percent < 0 || percent > 100 {
		return KeyResult{}, errors.New("attainment is from 0 to 100 percent")
	}
	for _, objective := range b.objectives {
		for n := range objective.KeyResults {
			if objective.KeyResults[n].ID == id {
				objective.KeyResults[n].Attainment = percent
				return objective.KeyResults[n], nil
			}
		}
	}
	return KeyResult{}, fmt.Errorf("there is no key result %q", id)
}

func (b *book) deleteKeyResult(id string) (KeyResult, error) {
	for n := range b.objectives {
		results := b.objectives[n].KeyResults
		for m, result := range results {
			if result.ID == id {
				b.objectives[n].KeyResults = slices.Delete(results, m, m+1)
				return result, nil
			}
		}
	}
	return KeyResult{}, fmt.Errorf("there is no key result %q", id)
}

func checkTitle(title string) (string, error) {
	title = strings.TrimSpace(title)
	switch {
	case title == "":
		return "", errors.New("title is empty")
	case utf8.RuneCountInString(title) > maxTitle || strings.ContainsFunc(title, unicode.IsControl):
		return "", fmt.Errorf("title must be one line of at most %d characters", maxTitle)
	}
	return title, nil
}
