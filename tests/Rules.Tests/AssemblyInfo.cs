using FirstCome.TestKit;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Many of these start services of their own and wait for what they do: side by side on few cores they would wait for each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(TestDatabases))]
