import tseslint from "typescript-eslint";

/** Prettier wraps code; comments are for us to break, and a message that users see stays findable in one piece. */
const lineLength = [
    "error",
    { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true },
];

export default tseslint.config(
    {
        ignores: [
            "node_modules/",
            ".holdfast/",
            "dist/",
            "tests/reuse/consumer/",
            "starter/",
            "examples/",
            "coverage/",
            "**/*.cjs",
            "jest.config.js",
        ],
    },
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.strictTypeChecked],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            // Numbers read well in messages.
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
            "@typescript-eslint/no-unused-vars": [
                "error",
                { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
            ],
            // noUncheckedIndexedAccess makes every index possibly undefined, also right after the check of the length.
            "@typescript-eslint/no-non-null-assertion": "off",
            // A method that has to be async for its interface may have nothing to wait for.
            "@typescript-eslint/require-await": "off",
            eqeqeq: "error",
            "max-len": lineLength,
            "no-console": "off",
        },
    },
    {
        files: ["tests/**/*.ts"],
        rules: {
            // jest's matchers and parsed fixtures are `any`; a wrong guess about them fails the test.
            "@typescript-eslint/no-unsafe-assignment": "off",
            "@typescript-eslint/no-unsafe-member-access": "off",
            "@typescript-eslint/no-unsafe-argument": "off",
        },
    },
    {
        files: ["scripts/**/*.js", "toolchain/*.js", "cli/*.js"],
        languageOptions: { sourceType: "commonjs" },
        rules: { "no-unused-vars": "error", "no-undef": "off", eqeqeq: "error", "max-len": lineLength },
    },
);
