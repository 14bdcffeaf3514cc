using Xunit;

// Each class starts whole systems of nine services; side by side they would only take the cores from each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
