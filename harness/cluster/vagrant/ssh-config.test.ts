import { expect, test } from "vitest";
import { parseSshConfig } from "./ssh-config.ts";

const printed = `Host tutorial-node1
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/home/some one/.vagrant/machines/tutorial-node1/virtualbox/private_key"
  IdentityFile /home/someone/.vagrant.d/insecure_private_key
  IdentitiesOnly yes
  LogLevel FATAL

Host tutorial-node2
  HostName 192.168.121.17
  User root
  IdentityFile /boxes/key
`;

test("every machine is read, quoted paths and the default port included", () => {
  expect(parseSshConfig(printed)).toEqual([
    {
      machine: "tutorial-node1",
      address: "127.0.0.1",
      port: 2222,
      user: "vagrant",
      keyFile: "/home/some one/.vagrant/machines/tutorial-node1/virtualbox/private_key",
    },
    { machine: "tutorial-node2", address: "192.168.121.17", port: 22, user: "root", keyFile: "/boxes/key" },
  ]);
});

test("a machine that nobody can log into with a key is left out", () => {
  expect(parseSshConfig("Host a\n  HostName 10.0.0.1\n")).toEqual([]);
  expect(parseSshConfig("")).toEqual([]);
});
