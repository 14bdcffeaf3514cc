using Xunit.v3;
using Xunit.Sdk;

// Each class starts whole systems of nine services; side by side they would only take the cores from each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
