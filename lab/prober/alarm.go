package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"quorum.local/prober/client"
)

// alarmCommand raises NOSPACE for one member, as that member does when its quota is used up.
// etcdctl can only list and lift alarms.
func alarmCommand(args []string) error {
	flags := flag.NewFlagSet("alarm", flag.ExitOnError)
	members := flags.String("etcd", "", "client URLs, comma-separated; the first one's member raises the alarm")
	ca := flags.String("etcd-ca", "", "CA of etcd's client port")
	cert := flags.String("etcd-cert", "", "client certificate for etcd")
	key := flags.String("etcd-key", "", "key of the client certificate")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *members == "" {
		return errors.New("--etcd is missing")
	}
	member := list(*members)[0]
	tls, err := client.LoadEtcdTLS(*ca, *cert, *key)
	if err != nil {
		return err
	}
	connection, err := clientv3.New(clientv3.Config{Endpoints: []string{member}, TLS: tls, DialTimeout: 5 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	status, err := connection.Status(ctx, member)
	if err != nil {
		return err
	}
	raised, err := etcdserverpb.NewMaintenanceClient(connection.ActiveConnection()).Alarm(ctx, &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, MemberID: status.Header.MemberId, Alarm: etcdserverpb.AlarmType_NOSPACE,
	})
	if err != nil {
		return err
	}
	fmt.Println(raised.Alarms)
	return nil
}
