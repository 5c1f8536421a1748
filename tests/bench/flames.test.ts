/** What a flame graph makes of V8's profile. */
import { flameOf, type CpuProfile } from "../../bench/flames";

type Node = CpuProfile["nodes"][number];
const call = (id: number, functionName: string, url: string, children: number[] = []): Node => ({
    id,
    callFrame: { functionName, url, lineNumber: 6 },
    children,
});
const own = "file:///project/provider/main.ts";
const loader = "node:internal/modules/cjs/loader";
const grpc = "file:///project/node_modules/@grpc/grpc-js/index.js";

/** Each call took one millisecond by itself. */
function profileOf(...nodes: Node[]): CpuProfile {
    return { nodes, samples: nodes.map(({ id }) => id), timeDeltas: nodes.map(() => 1000) };
}

const brief = ({ name, time, children }: ReturnType<typeof flameOf>): unknown =>
    children.length === 0 ? `${name} ${time}` : { [`${name} ${time}`]: children.map(brief) };

test("waiting is no work, and a call without a name has its place", () => {
    const profile = profileOf(call(1, "(root)", "", [2, 3]), call(2, "(idle)", ""), call(3, "", own));
    expect(brief(flameOf(profile))).toEqual({ "(root) 1": ["provider/main.ts:7 1"] });
});

test("of another's package only the entrance is shown, and what it calls outside of itself", () => {
    const profile = profileOf(
        call(1, "(root)", "", [2]),
        call(2, "serve", grpc, [3]),
        call(3, "inner", grpc, [4]),
        call(4, "read", own),
    );
    expect(brief(flameOf(profile))).toEqual({ "(root) 3": [{ "serve 3": ["read 1"] }] });
});

test("a file that is loaded stands beside the loading, below the file that asked for it", () => {
    const profile = profileOf(
        call(1, "(root)", "", [2]),
        call(2, "start", own, [3]),
        call(3, "load", loader, [4]),
        call(4, "other", own),
    );
    expect(brief(flameOf(profile))).toEqual({ "(root) 3": [{ "start 3": ["other 1", "loading of modules 1"] }] });
});

test("calls of one name count together, the longest first", () => {
    const profile = profileOf(
        call(1, "(root)", "", [2, 3, 4]),
        call(2, "short", own),
        call(3, "often", own),
        call(4, "often", own),
    );
    expect(brief(flameOf(profile))).toEqual({ "(root) 3": ["often 2", "short 1"] });
});
