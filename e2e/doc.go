// Package e2e has the tests that run other people's programs against a taskdb that
// serves: drivers of MongoDB, mongosh, and clusters of ipyparallel. They have a build
// tag of their own, since they need what ./install installs:
//
//	e2e/install && go test -tags e2e ./e2e
package e2e
