using Xunit.Sdk;
using Xunit.v3;

// One system of containers for all of them.
[assembly: Parallelization(Mode = ParallelMode.None)]
