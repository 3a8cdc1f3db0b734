package backendtest

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
)

// InProcess is a backend in the process of the test. Requests, answers and errors are converted as
// gRPC converts them, but no connection lies between, which makes a request several times cheaper.
type InProcess struct {
	logical.Backend
}

// HandleRequest is part of logical.Backend.
func (b InProcess) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	sent, err := pb.LogicalRequestToProtoRequest(req)
	if err != nil {
		return nil, err
	}
	arrived, err := pb.ProtoRequestToLogicalRequest(sent)
	if err != nil {
		return nil, err
	}
	arrived.Storage = req.Storage
	resp, err := b.Backend.HandleRequest(ctx, arrived)
	problem := pb.ProtoErrToErr(pb.ErrToProtoErr(err))
	answered, err := pb.LogicalResponseToProtoResponse(resp)
	if err != nil {
		return nil, err
	}
	if resp, err = pb.ProtoResponseToLogicalResponse(answered); err != nil {
		return nil, err
	}
	return resp, problem
}
