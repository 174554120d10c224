// etcd as upstream's own main package builds it: that package's module has no published version,
// the server module has.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
