package natsconf

// admin may do what an application may, and make, change, back up, restore and
// delete the namespace's streams and consumers. It may not publish triggers or
// cursors, nor take triggers: what is stored there is the schedulers' and the
// workers' alone.
func (n namespace) admin() Role {
	publish := n.use()
	for i := range publish {
		publish[i].Via = Local // it is in the engine's account
	}
	publish = append(publish,
		Grant{Subject: "$JS.API.STREAM.NAMES", Why: "lists the streams"},
		Grant{Subject: "$JS.API.STREAM.LIST", Why: "lists the streams"},
	)
	for _, stream := range n.streams() {
		publish = append(publish, n.manage(stream)...)
	}
	for _, stream := range []string{n.BucketStream(), n.ResultStream(), n.DeadStream(), n.RunStream()} {
		publish = append(publish, Grant{Subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*", Why: "reads through its consumer"})
	}
	return Role{
		Name: RoleAdmin, Who: "people and jobs that set up, back up and repair", Account: Engine,
		Publish: publish,
		Subscribe: []Grant{
			{Subject: "_INBOX.admin.>", Why: "answers to it, and to it alone: set NATS_INBOX=_INBOX.admin, or nats --inbox-prefix=_INBOX.admin"},
			{Subject: "$JS.EVENT.ADVISORY.>", Why: "follows what happens to streams and consumers"},
			{Subject: n.Results(), Why: "follows results as they are stored"},
		},
		Deny: []Grant{
			{Subject: "$JS.API.CONSUMER.MSG.NEXT." + n.TriggerStream() + ".>", Why: "triggers are the workers' to take"},
		},
	}
}

// manage is all that can be done to a stream and its consumers but publishing.
func (n namespace) manage(stream string) []Grant {
	return []Grant{
		{Subject: "$JS.API.STREAM.*." + stream, Why: "makes, changes, purges, deletes, backs up and restores it"},
		{Subject: "$JS.API.STREAM.*.*." + stream, Why: "reads and deletes single messages, moves its leader, removes a peer"},
		{Subject: "$JS.API.DIRECT.GET." + stream + ".>", Why: "reads single messages by subject"},
		{Subject: "$JS.API.DIRECT.GET." + stream, Why: "reads single messages by sequence"},
		{Subject: "$JS.API.CONSUMER.*." + stream, Why: "lists its consumers"},
		{Subject: "$JS.API.CONSUMER.*." + stream + ".>", Why: "makes, looks at, pauses and deletes its consumers"},
		{Subject: "$JS.API.CONSUMER.*.*." + stream + ".>", Why: "moves the leader of a consumer, makes durable ones as older clients do"},
		{Subject: "$JS.SNAPSHOT.*." + stream + ".>", Why: "sends and confirms the pieces of a backup"},
		{Subject: "$JS.FC." + stream + ".>", Why: "flow control of its consumers"},
		{Subject: "$JS.FC.*.*." + stream + ".>", Why: "the same in the form of ADR-15, which a server may be set to"},
	}
}
