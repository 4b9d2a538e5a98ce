// items.go keeps everybody's list, in memory and within bounds.

package todo

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
	maxPeople = 1000
	maxItems  = 100 // per person
	maxTitle  = 200 // characters
)

// Item is one thing to do.
type Item struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

// lists are the items of people, by subject.
type lists struct {
	mu     sync.Mutex
	people map[string]*list
}

type list struct {
	items []Item
	last  int // the highest id so far; none is given twice
}

func (l *lists) of(subject string) []Item {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine := l.people[subject]; mine != nil {
		return slices.Clone(mine.items)
	}
	return []Item{}
}

func (l *lists) subjects() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.people))
}

func (l *lists) add(subject, title string) (Item, error) {
	title = strings.TrimSpace(title)
	switch {
	case title == "":
		return Item{}, errors.New("title is empty")
	case utf8.RuneCountInString(title) > maxTitle || strings.ContainsFunc(title, unicode.IsControl):
		return Item{}, fmt.Errorf("title must be one line of at most %d characters", maxTitle)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.people == nil {
		l.people = make(map[string]*list)
	}
	mine := l.people[subject]
	if mine == nil {
		if len(l.people) >= maxPeople {
			return Item{}, errors.New("this demo holds no more people")
		}
		mine = &list{}
		l.people[subject] = mine
	}
	if len(mine.items) >= maxItems {
		return Item{}, fmt.Errorf("your list is full: it holds %d items, delete one first", maxItems)
	}
	mine.last++
	item := Item{ID: strconv.Itoa(mine.last), Title: title}
	mine.items = append(mine.items, item)
	return item, nil
}

// change runs a function on one of a person's items. It removes the item if the function says so.
func (l *lists) change(subject, id string, do func(*Item) (remove bool)) (Item, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine := l.people[subject]; mine != nil {
		for n := range mine.items {
			if mine.items[n].ID != id {
				continue
			}
			remove := do(&mine.items[n])
			item := mine.items[n]
			if remove {
				mine.items = slices.Delete(mine.items, n, n+1)
			}
			return item, nil
		}
	}
	return Item{}, fmt.Errorf("you have no item %q", id)
}
