package paxostest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// maxListLimit is the largest number of credentials on a page, and maxListFilter the largest number of
// ids in a filter.
const (
	maxListLimit  = 1000
	maxListFilter = 100
)

// errForeignCursor is the answer to a cursor that the server has not returned.
var errForeignCursor = errors.New("page_cursor: not one that was returned before")

// A listQuery holds the parameters of ListApiCredentials.
type listQuery struct {
	ascending bool
	limit     int    // 0: everything
	after     string // the id that the cursor names; empty: from the beginning
	statuses  []string
	ids       []string
	clientIDs []string
}

// parseListQuery reads the parameters. An error names the parameter that is wrong.
func parseListQuery(values url.Values) (listQuery, error) {
	q := listQuery{
		statuses:  values["statuses"],
		ids:       values["ids"],
		clientIDs: values["client_ids"],
	}
	switch order := values.Get("order"); order {
	case "", "DESC":
	case "ASC":
		q.ascending = true
	default:
		return listQuery{}, fmt.Errorf("order: unknown value %q", order)
	}
	if by := values.Get("order_by"); by != "" && by != "CREATED_AT" {
		return listQuery{}, fmt.Errorf("order_by: unknown value %q", by)
	}
	if err := q.parsePage(values); err != nil {
		return listQuery{}, err
	}
	return q, q.validateFilters()
}

// parsePage reads the parameters that say which page is wanted.
func (q *listQuery) parsePage(values url.Values) error {
	if text := values.Get("limit"); text != "" {
		limit, err := strconv.ParseInt(text, 10, 32)
		if err != nil || limit < 0 || limit > maxListLimit {
			return fmt.Errorf("limit: not a number from 0 to %d", maxListLimit)
		}
		q.limit = int(limit)
	}
	cursor, err := base64.RawURLEncoding.DecodeString(values.Get("page_cursor"))
	if err != nil || len(cursor) > 0 && !uuidPattern.Match(cursor) {
		return errForeignCursor
	}
	q.after = string(cursor)
	return nil
}

// validateFilters checks the filters, and sets the default for the statuses.
func (q *listQuery) validateFilters() error {
	if len(q.statuses) == 0 {
		q.statuses = []string{statusApproved}
	}
	for _, status := range q.statuses {
		if status != statusApproved && status != statusDisabled {
			return fmt.Errorf("statuses: unknown value %q", status)
		}
	}
	if len(q.ids) > maxListFilter || len(q.clientIDs) > maxListFilter {
		return fmt.Errorf("ids and client_ids: at most %d each", maxListFilter)
	}
	for _, id := range q.ids {
		if !uuidPattern.MatchString(id) {
			return fmt.Errorf("ids: %q is not a UUID", id)
		}
	}
	return nil
}

// page returns the wanted page of all credentials, which come in order of creation, and the cursor of
// the next page. A cursor names the last credential of its page, so that credentials that are created
// or deleted in between do not shift the pages.
func (q listQuery) page(all []Credential) (page []Credential, next string, err error) {
	if !q.ascending {
		slices.Reverse(all)
	}
	if q.after != "" {
		last := slices.IndexFunc(all, func(c Credential) bool { return c.ID == q.after })
		if last < 0 {
			return nil, "", errForeignCursor
		}
		all = all[last+1:]
	}
	for _, c := range all {
		if !matches(q.statuses, c.Status) || !matches(q.ids, c.ID) || !matches(q.clientIDs, c.ClientID) {
			continue
		}
		if q.limit > 0 && len(page) == q.limit {
			return page, base64.RawURLEncoding.EncodeToString([]byte(page[len(page)-1].ID)), nil
		}
		page = append(page, c)
	}
	return page, "", nil
}

// matches reports whether a filter lets a value through. An empty filter lets every value through.
func matches(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}
