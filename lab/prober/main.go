// Prober is the measuring client of the lab: `run` reads and writes all the time and records every
// answer, `check` judges such a record, `gaps` measures a part of one that is still being written,
// `alarm` raises etcd's alarm NOSPACE.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"quorum.local/prober/check"
	"quorum.local/prober/history"
)

const usage = `usage: prober run   --out FILE (--kubeconfig FILE | --etcd URL,URL,URL) [flags]
       prober check --history FILE [flags]
       prober gaps  --history FILE --from MARK --to MARK [--offset BYTES]
       prober alarm --etcd URL [flags]
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "run":
		err = runCommand(os.Args[2:])
	case "check":
		var passed bool
		if passed, err = checkCommand(os.Args[2:]); err == nil && !passed {
			os.Exit(1)
		}
	case "gaps":
		err = gapsCommand(os.Args[2:])
	case "alarm":
		err = alarmCommand(os.Args[2:])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "prober:", err)
		os.Exit(2)
	}
}

// checkCommand prints the verdict as JSON and returns true for "pass".
func checkCommand(args []string) (bool, error) {
	flags := flag.NewFlagSet("check", flag.ExitOnError)
	path := flags.String("history", "", "history that `run` wrote")
	var opts check.Options
	flags.StringVar(&opts.LoadBefore, "load-before", "", "mark before which the load must have been steady")
	flags.Float64Var(&opts.MinRate, "min-rate", 50, "requests a second that the load must have had")
	flags.DurationVar(&opts.Window, "window", 5*time.Second, "time before the mark over which the load is counted")
	flags.StringVar(&opts.RestoredTo, "restored-to", "", "mark of the snapshot: writes before it must be there at the end")
	flags.StringVar(&opts.RestoreBegan, "restore-began", "", "mark of the restore: the history is judged up to it")
	flags.StringVar(&opts.GapFrom, "gap-from", "", "mark from which gaps are measured")
	flags.StringVar(&opts.GapTo, "gap-to", "", "mark up to which gaps are measured")
	flags.DurationVar(&opts.Timeout, "timeout", 60*time.Second, "longest search for one register")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	if (opts.RestoredTo == "") != (opts.RestoreBegan == "") {
		return false, fmt.Errorf("--restored-to and --restore-began belong together")
	}
	file, err := os.Open(*path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	records, err := history.Read(file)
	if err != nil {
		return false, err
	}
	verdict, err := check.Check(records, opts)
	if err != nil {
		return false, err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return verdict.Verdict == check.Pass, out.Encode(verdict)
}

// gapsCommand prints the gaps between two marks as JSON. It judges nothing, so that it costs little
// while the load goes on: it reads from the offset only.
func gapsCommand(args []string) error {
	flags := flag.NewFlagSet("gaps", flag.ExitOnError)
	path := flags.String("history", "", "history that `run` writes or wrote")
	offset := flags.Int64("offset", 0, "byte before the first mark, from which to read")
	from := flags.String("from", "", "mark from which gaps are measured")
	to := flags.String("to", "", "mark up to which gaps are measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.Open(*path)
	if err != nil {
		return err
	}
	defer file.Close()
	records, err := history.ReadFrom(file, *offset)
	if err != nil {
		return err
	}
	measured, err := check.GapsBetween(records, *from, *to)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
