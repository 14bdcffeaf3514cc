using CsCheck;
using FirstCome.CacheService.Caching;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class BoundedMapTests
{
    private const int Capacity = 4;

    /// <summary>Against the simplest model: a list in the order of use.</summary>
    [Fact]
    public void Keeps_the_most_recently_used_whatever_is_done() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 7]).Array[0, 60].Sample(steps =>
        {
            var map = new BoundedMap<int, string>(Capacity);
            var model = new List<(int Key, string Value)>();
            foreach (var (kind, key) in steps)
            {
                var at = model.FindIndex(entry => entry.Key == key);
                var known = at < 0 ? null : model[at].Value;
                switch (kind)
                {
                    case 0:
                        Assert.Equal(known is not null, map.TryGet(key, out var value));
                        Assert.Equal(known, value);
                        if (at >= 0) { Use(model, at, known!); }
                        break;
                    case 1:
                        var put = map.Put(key, before => before + "x");
                        Assert.Equal(known + "x", put);
                        if (at >= 0) { Use(model, at, put); }
                        else
                        {
                            model.Insert(0, (key, put));
                            if (model.Count > Capacity) { model.RemoveAt(Capacity); }
                        }
                        break;
                    default:
                        map.Remove(key);
                        if (at >= 0) { model.RemoveAt(at); }
                        break;
                }
                Assert.Equal(model.Count, map.Count);
            }
        });

    private static void Use(List<(int Key, string Value)> model, int at, string value)
    {
        var key = model[at].Key;
        model.RemoveAt(at);
        model.Insert(0, (key, value));
    }
}
