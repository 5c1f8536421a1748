/**
 * `fast` needs nothing but Node; `lab` runs against container nodes, `vm` against virtual machines, one file at a time.
 */
const transform = {
    "^.+\\.tsx?$": [
        "@swc/jest",
        { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
};
const common = {
    testEnvironment: "node",
    transform,
    modulePathIgnorePatterns: ["<rootDir>/.holdfast", "<rootDir>/dist"],
};

module.exports = {
    // A bound against what hangs, not a measure: a loaded machine takes five times as long as an idle one.
    testTimeout: 30_000,
    projects: [
        {
            ...common,
            displayName: "fast",
            testMatch: ["<rootDir>/tests/**/*.test.ts"],
            testPathIgnorePatterns: ["/node_modules/", "<rootDir>/tests/lab/"],
        },
        {
            ...common,
            displayName: "lab",
            testMatch: ["<rootDir>/tests/lab/**/*.test.ts"],
            // Two packages packed and installed four times, a tree with Docker in it: minutes that CI has not left.
            testPathIgnorePatterns: [
                "/node_modules/",
                "<rootDir>/tests/lab/vm",
                ...(process.env.HOLDFAST_SOAK
                    ? []
                    : [
                          "/tests/lab/ownProject",
                          "/tests/lab/examples",
                          "/tests/lab/sharedState",
                          "/tests/lab/forges",
                          "/tests/lab/dockerd",
                          "/tests/lab/monitoring",
                      ]),
            ],
            globalSetup: "<rootDir>/tests/lab/setup.ts",
            globalTeardown: "<rootDir>/tests/lab/teardown.ts",
        },
        {
            ...common,
            displayName: "vm",
            testMatch: ["<rootDir>/tests/lab/vm*.test.ts"],
            // Machines of their own, for more minutes than CI has left.
            testPathIgnorePatterns: [
                "/node_modules/",
                ...(process.env.HOLDFAST_SOAK
                    ? []
                    : ["/tests/lab/vmRunbook", "/tests/lab/vmNetwork", "/tests/lab/vmRehearseLive"]),
            ],
        },
    ],
};
