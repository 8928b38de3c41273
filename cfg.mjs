export default {
  forbidden: [{ name: "cycle", severity: "error", from: {}, to: { circular: true } }],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
    doNotFollow: { path: "node_modules" },
  },
};
