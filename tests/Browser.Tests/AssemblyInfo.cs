using Xunit.Sdk;
using Xunit.v3;

// One browser and one system for all; side by side they would only take the cores from each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
