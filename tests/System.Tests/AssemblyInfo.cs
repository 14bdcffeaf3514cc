using Xunit.Sdk;
using Xunit.v3;

// Each class starts whole systems of nine services; side by side they would only take the cores from each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
