package limits

import (
	"context"
	"errors"
	"time"
)

// Records keep across restarts what a mount knows of the limits. An error from a Put or a Delete
// leaves it unknown whether the write happened.
type Records interface {
	// Bans returns the bans on record. Of one that cannot be read only the route is known.
	Bans(ctx context.Context) ([]Ban, error)
	PutBan(ctx context.Context, ban Ban) error
	DeleteBan(ctx context.Context, route string) error

	// Requests returns the token requests on record. Of one that cannot be read only the ID is known.
	Requests(ctx context.Context) ([]TokenRequest, error)
	PutRequest(ctx context.Context, request TokenRequest) error
	DeleteRequest(ctx context.Context, id string) error

	// Neighbors returns nil where none were put, and [ErrUnreadable] where they cannot be read.
	Neighbors(ctx context.Context) (Neighborhood, error)
	PutNeighbors(ctx context.Context, all Neighborhood) error
}

// ErrUnreadable reports a stored entry that exists and cannot be read, because it is damaged or a
// later version wrote it. Reading it again does not help.
var ErrUnreadable = errors.New("the stored entry cannot be read")

// A TokenRequest is the record of one token request. It is written before the request is sent, so
// that the next process counts the request, whatever became of it.
type TokenRequest struct {
	ID         string    `json:"-"`
	Endpoint   string    `json:"endpoint"` // in its canonical form
	Role       string    `json:"role"`     // or what else it was for
	Repeatable bool      `json:"repeatable,omitempty"`
	At         time.Time `json:"at"` // zero where the record cannot be read
}

// A Neighborhood is a mount's record of the other mounts of its process, by name.
type Neighborhood map[string]Neighbor

// A Neighbor is another mount.
type Neighbor struct {
	Endpoints []string  `json:"endpoints,omitempty"` // that it uses; none: it may be any
	Until     time.Time `json:"until,omitzero"`      // of one that has left: until when its requests count
}
