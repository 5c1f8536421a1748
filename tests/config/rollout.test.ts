import { type Fleet, type FleetNode } from "../../components/fleet";
import { planWaves } from "../../components/rollout";

function waves(given: {
    nodes: readonly string[];
    maintenance?: readonly string[];
    canary: readonly string[];
    batch: Fleet["rollout"]["batch"];
}): string[][] {
    const nodes = given.nodes.map((name): FleetNode => ({
        identity: { name, address: "192.0.2.1" },
        host: { name, address: "192.0.2.1" },
        maintenance: given.maintenance?.includes(name) ?? false,
        onDelete: "keep",
        hostsFile: { extra: [] },
        roles: ["node"],
        ipmievd: false,
    }));
    return planWaves({ nodes, rollout: { canary: given.canary, batch: given.batch } }).map((wave) =>
        wave.map(({ identity }) => identity.name),
    );
}

const nodes = ["a", "b", "c", "d", "e"];

test("canaries first, then batches in the order of the fleet", () => {
    expect(waves({ nodes, canary: ["c"], batch: 2 })).toEqual([["c"], ["a", "b"], ["d", "e"]]);
});
test("each wave may have twice the nodes of the one before, the canaries being the first", () => {
    expect(waves({ nodes: [...nodes, "f", "g", "h"], canary: ["c"], batch: "double" })).toEqual([
        ["c"],
        ["a", "b"],
        ["d", "e", "f", "g"],
        ["h"],
    ]);
    expect(waves({ nodes, canary: ["a", "b"], batch: "double" })).toEqual([
        ["a", "b"],
        ["c", "d", "e"],
    ]);
});
test("or a share of those that are contacted: rounded down, but never none", () => {
    expect(waves({ nodes, canary: ["a"], batch: "50%" })).toEqual([["a"], ["b", "c"], ["d", "e"]]);
    expect(waves({ nodes, maintenance: ["e"], canary: ["a"], batch: "50%" })).toEqual([
        ["a"],
        ["b", "c"],
        ["d"],
        ["e"],
    ]);
    expect(waves({ nodes, canary: ["a"], batch: "1%" })).toHaveLength(5);
    expect(waves({ nodes, canary: ["a"], batch: "100%" })).toEqual([["a"], ["b", "c", "d", "e"]]);
});
test("several canaries go together", () => {
    expect(waves({ nodes, canary: ["c", "a"], batch: 3 })).toEqual([
        ["a", "c"],
        ["b", "d", "e"],
    ]);
});
test("nodes under maintenance come last: nothing is tried on them", () => {
    expect(waves({ nodes, maintenance: ["b"], canary: ["a"], batch: 1 })).toEqual([["a"], ["c"], ["d"], ["e"], ["b"]]);
});
test("a canary under maintenance is replaced by the first other node", () => {
    expect(waves({ nodes, maintenance: ["a"], canary: ["a"], batch: 2 })).toEqual([["b"], ["c", "d"], ["e"], ["a"]]);
});
test("a fleet that is all under maintenance is one wave", () => {
    expect(waves({ nodes, maintenance: nodes, canary: ["a"], batch: 1 })).toEqual([nodes]);
});
