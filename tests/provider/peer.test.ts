/** Whose connection it is, by the kernel's own table. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { isOwnPeer, ownerIn } from "../../provider/peer";

const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const line = (local: string, remote: string, state: string, uid: number, inode: number) =>
    `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0000000000000000 20 0 0 10 -1`;

test.each<[string, string, number | undefined]>([
    ["the open connection", line("0100007F:9C40", "0100007F:1F90", "01", 1000, 77), 1000],
    [
        "one of an IPv6 socket",
        line("0000000000000000FFFF00000100007F:9C40", "0000000000000000FFFF00000100007F:1F90", "01", 1000, 77),
        1000,
    ],
    ["its other end", line("0100007F:1F90", "0100007F:9C40", "01", 0, 77), undefined],
    ["one of another address with the same ports", line("0200007F:9C40", "0100007F:1F90", "01", 0, 77), undefined],
    ["a closed one, which the kernel lists as root's", line("0100007F:9C40", "0100007F:1F90", "05", 0, 0), undefined],
    ["one without a process", line("0100007F:9C40", "0100007F:1F90", "01", 0, 0), undefined],
])("reads %s", (_, text, uid) => {
    expect(ownerIn(`${header}\n${text}\n`, 40000, 8080)).toBe(uid);
});

test("a connection of one's own counts, a port that nobody is connected from does not", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [accepted] = (await once(server, "connection")) as [Socket];
    expect(isOwnPeer(accepted)).toBe(true);
    expect(isOwnPeer({ remoteAddress: "127.0.0.1", remotePort: 1, localPort: accepted.localPort! })).toBe(false);
    client.destroy();
    accepted.destroy();
    server.close();
});
