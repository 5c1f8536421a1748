/** Which processes are for a look alone. */
import { lookOf } from "../../provider/engineCommand";

test.each<[string, string | undefined]>([
    ["pulumi preview --diff", "preview"],
    ["/usr/local/bin/pulumi refresh --preview-only --json", "refresh"],
    ["pulumi -C /srv/fleet --color never -v 9 refresh", "refresh"],
    ["pulumi --logtostderr -v=9 pre", "pre"],
    ["pulumi import -f nodes.json", "import"],
    ["pulumi up --yes --refresh", undefined],
    ["pulumi up -s preview", undefined],
    ["pulumi --cwd preview up", undefined],
    ["pulumi destroy", undefined],
    ["node program.js preview", undefined],
    ["pulumi", undefined],
    ["", undefined],
])("%s: %s", (line, look) => {
    expect(lookOf(line.split(" "))).toBe(look);
});
