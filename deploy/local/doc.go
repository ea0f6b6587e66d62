// Package local brings what yinju needs on a single machine: pinned binaries
// fetched with ordinary package clients, and a private Postgres that several
// yinju processes share.
//
// Fetch needs pip and Maven once, with a network. Postgres, ONNXRuntime, Model
// and Dictionary then check and name the fetched files without either. Start
// joins or starts the server of a data folder; the last process to Close stops
// it.
package local
