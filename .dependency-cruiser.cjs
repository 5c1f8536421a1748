/**
 * DESIGN.md's "Dependencies point one way":
 *   index -> config -> the concerns' pure halves -> model; index -> components -> {render, provider/resource} -> model;
 *   provider -> host -> model, and what the concerns' table says.
 * The Pulumi program and the provider meet only at the resource's argument types.
 */
const program = "^(index|stack|config|projectFile)\\.ts$|^components/";

/** What a concern's folder says without Pulumi, and what is put together from it: the table, the fleet's schema, the rollout. */
const pure =
    "^components/(?:(?:table|concern|planned|rollout|pure)\\.ts$|fleet/|proxmox/(?:certificate|checks|firewall)\\.ts$|runbook/(?:page|network)\\.ts$|monitoring/(?:alertmanager|blackbox|prometheus|rules|targets)\\.ts$|[^/]+/(?:concern|settings|plan)\\.ts$)";

/** What a folder may import of this project, besides itself. */
const allowed = {
    "^model/": [],
    "^render/": ["^model/", "^templates/"],
    "^programs/": [],
    "^provider/resource\\.ts$": ["^model/"],
    "^host/": ["^model/"],
    "^provider/(?!resource\\.ts$)": ["^provider/", "^host/", pure, "^projectFile\\.ts$", "^model/", "^programs/"],
    [pure]: ["^render/", "^programs/", "^model/"],
    "^components/": ["^render/", "^programs/", "^provider/resource\\.ts$", "^model/"],
    // What the plugin hands to the engine for programs in other languages: the program's half.
    "^construct/": ["^components/", "^config\\.ts$", "^projectFile\\.ts$", "^model/"],
    "^config\\.ts$": [pure, "^projectFile\\.ts$", "^model/"],
    // Node's core modules only: the program and the commands read the project's files alike.
    "^projectFile\\.ts$": [],
    // Boots virtual machines, of the lab and of a rehearsal alike, and knows neither.
    "^vm/": ["^model/"],
    "^lab/": [pure, "^vm/", "^model/"],
    // What runs before node_modules is there: Node's core modules only.
    "^toolchain/": [],
    // `holdfast` drives pulumi as a child process: it knows neither the program nor the provider.
    "^cli/(?!lab\\.ts$)": [
        "^cli/",
        "^host/",
        pure,
        "^programs/",
        "^projectFile\\.ts$",
        "^vm/",
        "^model/",
        "^toolchain/",
    ],
    "^cli/lab\\.ts$": ["^cli/", "^lab/", pure, "^model/", "^toolchain/"],
    // What is measured is run, not imported, but for what a report costs.
    "^bench/": ["^cli/", "^lab/", pure, "^provider/resource\\.ts$", "^scripts/python\\.js$", "^model/"],
    // What is recorded is driven as the lab's tests are.
    "^scripts/": ["^cli/", "^lab/", pure, "^model/", "^toolchain/", "^tests/helpers/"],
};
const project =
    "^(index\\.ts|stack\\.ts|config\\.ts|projectFile\\.ts|(model|render|programs|host|provider|components|construct|cli|vm|lab|bench|scripts|toolchain|tests)/)";

module.exports = {
    forbidden: [
        ...Object.entries(allowed).map(([from, targets]) => ({
            name: `layers ${from}`,
            severity: "error",
            from: { path: from },
            to: { path: project, pathNot: [from, ...targets].join("|") },
        })),
        {
            name: "model-is-pure",
            comment: "Types and rules only: no pulumi, no input or output.",
            severity: "error",
            from: { path: ["^(model|render|programs)/", pure] },
            to: { path: "node_modules/@pulumi|node_modules/(ssh2|execa|@grpc)|^(child_process|http|https|dgram|tls)$" },
        },
        {
            name: "render-and-model-read-no-files",
            comment: "render/ reads its own templates; model/ reads nothing.",
            severity: "error",
            from: { path: ["^model/", pure] },
            to: { path: "^(fs|fs/promises)$" },
        },
        {
            name: "host-knows-no-pulumi",
            severity: "error",
            from: { path: "^(host|vm|lab|cli)/" },
            to: { path: "node_modules/@pulumi" },
        },
        {
            name: "program-opens-no-connection",
            severity: "error",
            from: { path: program },
            to: { path: "node_modules/(ssh2|execa)|^child_process$" },
        },
        {
            name: "no-cycle",
            comment: "Of types neither: what two files share has a file of its own.",
            severity: "error",
            from: {},
            to: { circular: true },
        },
        {
            name: "not-resolvable",
            severity: "error",
            from: {},
            to: { couldNotResolve: true, pathNot: "^sucrase/register/ts$" },
        },
    ],
    options: {
        tsConfig: { fileName: "tsconfig.json" },
        tsPreCompilationDeps: true,
        doNotFollow: { path: "node_modules" },
    },
};
