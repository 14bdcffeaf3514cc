using FirstCome.Engines.Log;
using Xunit;

namespace FirstCome.EnginesTests.Log;

public sealed class SpreadKeysTests
{
    private const int Partitions = 6, Batches = 600;

    [Fact]
    public void Neighbours_share_a_key_and_others_have_another()
    {
        var keys = new SpreadKeys();
        var all = Enumerable.Range(0, SpreadKeys.Neighbours * 3).Select(index => keys[index]).ToArray();
        Assert.All(all.Chunk(SpreadKeys.Neighbours), neighbours => Assert.Single(neighbours.Distinct()));
        Assert.Equal(3, all.Distinct().Count());
        Assert.Equal(all, Enumerable.Range(0, all.Length).Select(index => keys[index]));
    }

    // Binomial(600, 1/6): mean 100, deviation 9. Seven deviations are beyond chance.
    [Fact]
    public void Over_many_batches_all_partitions_are_used_alike()
    {
        var used = Enumerable.Range(0, Batches).GroupBy(_ => Murmur2.Partition(new SpreadKeys()[0], Partitions)).ToDictionary(partition => partition.Key, partition => partition.Count());
        Assert.Equal(Partitions, used.Count);
        Assert.All(used.Values, count => Assert.InRange(count, 36, 164));
    }
}
