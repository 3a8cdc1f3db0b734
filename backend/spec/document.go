package spec

import (
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
)

// jsonContent is the media type of all bodies but a few.
const jsonContent = "application/json"

// Complete makes the OpenAPI document of these paths, as the SDK writes it, complete and independent.
// The SDK keeps bodies apart and refers to them with $ref, which Vault loses in the documents of
// external plugins. So each body is written in its place. The SDK also leaves out which fields an
// answer always has, and knows no examples.
func Complete(document *framework.OASDocument, paths []*framework.Path) {
	operations := map[string]*framework.PathOperation{}
	for _, path := range paths {
		for _, handler := range path.Operations {
			if operation, ok := handler.(*framework.PathOperation); ok {
				operations[identifier(operation)] = operation
			}
		}
	}
	for _, item := range document.Paths {
		completeParameters(item.Parameters)
		for _, operation := range []*framework.OASOperation{item.Get, item.Post, item.Patch, item.Delete} {
			if operation == nil {
				continue
			}
			completeParameters(operation.Parameters)
			if operation.RequestBody != nil {
				inline(operation.RequestBody.Content, document)
				operation.RequestBody.Required = needsBody(operation.RequestBody)
			}
			completeAnswers(operation, operations[operation.OperationID], document)
		}
	}
	document.Components.Schemas = map[string]*framework.OASSchema{}
}

// identifier is the operationId that the SDK makes of what Displayed says.
func identifier(operation *framework.PathOperation) string {
	shown := operation.DisplayAttrs
	if shown == nil {
		return ""
	}
	parts := []string{shown.OperationPrefix, shown.OperationVerb, shown.OperationSuffix}
	return strings.ToLower(strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "-"))
}

// completeAnswers writes the answers of the operation in their place. declared is how its path
// declares it.
func completeAnswers(operation *framework.OASOperation, declared *framework.PathOperation,
	document *framework.OASDocument) {
	for status, answer := range operation.Responses {
		inline(answer.Content, document)
		if declared == nil || len(declared.Responses[status]) == 0 {
			continue
		}
		form := declared.Responses[status][0]
		if form.MediaType != "" {
			answer.Content = framework.OASContent{form.MediaType: {Schema: &framework.OASSchema{Type: "string"}}}
			continue
		}
		if content := answer.Content[jsonContent]; content != nil {
			content.Schema.Required = alwaysThere(form.Fields)
		}
	}
}

// alwaysThere lists the fields that an answer always has, in order.
func alwaysThere(fields Fields) []string {
	var names []string
	for name, field := range fields {
		if field.Required {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// inline puts the schemas that the content refers to in the place of the references.
func inline(content framework.OASContent, document *framework.OASDocument) {
	for _, body := range content {
		if name, refers := strings.CutPrefix(body.Schema.Ref, "#/components/schemas/"); refers {
			body.Schema = document.Components.Schemas[name]
		}
		for _, property := range body.Schema.Properties {
			exemplify(property)
		}
	}
}

// needsBody reports whether a request needs a body, because it has a parameter that is required.
func needsBody(body *framework.OASRequestBody) bool {
	content := body.Content[jsonContent]
	return content != nil && len(content.Schema.Required) > 0
}

// completeParameters moves the examples of parameters in the path and the query to their place.
func completeParameters(parameters []framework.OASParameter) {
	for _, parameter := range parameters {
		exemplify(parameter.Schema)
	}
}

// exemplify moves the example that Parameter.Field left in the display attributes to where OpenAPI
// has examples. There it would be what a user interface fills in. An example that is a file of the
// command line is none in JSON.
func exemplify(schema *framework.OASSchema) {
	if schema.DisplayAttrs == nil {
		return
	}
	shown := *schema.DisplayAttrs
	if example, ok := shown.Value.(string); ok && !strings.HasPrefix(example, "@") {
		schema.Example = sample(schema.Type, example)
	}
	shown.Value = nil
	schema.DisplayAttrs = &shown
	if shown == (framework.DisplayAttributes{}) {
		schema.DisplayAttrs = nil
	}
}
