using Xunit.Sdk;
using Xunit.v3;

// One system for all, and one fault at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
