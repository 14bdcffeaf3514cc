using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Calls;
using FirstCome.Web.Console.Claims;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace FirstCome.Web.Console.Campaigns;

public sealed partial class CampaignPage
{
    private const int NamesMax = 10;
    private readonly CancellationTokenSource _left = new();
    private readonly Dictionary<Guid, string> _names = [];
    private CampaignDraft _draft = new();
    private CampaignDraft _former = new();
    private Dictionary<string, string> _wrong = [];
    private CampaignView? _campaign;
    private string? _etag;
    private Refusal? _refusal;
    private IReadOnlyList<HistoryEntry> _history = [];
    private bool _busy, _isRefused;

    [Parameter] public Guid? Id { get; set; }

    private string Title => _campaign is { } campaign ? T.Of(campaign.Name) : T[Id is null ? "campaign.new" : "nav.campaigns"];

    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
    }

    internal static string[] Actions(CampaignState state) => state switch
    {
        CampaignState.Draft => ["schedule"],
        CampaignState.Scheduled or CampaignState.Open => ["pause", "close"],
        CampaignState.Paused => ["resume", "close"],
        CampaignState.Closed => ["archive"],
        _ => [],
    };

    protected override Task OnParametersSetAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        if (Id is null) { return; }
        var campaign = Api.GetAsync<CampaignView>(OperatorApi.Cache, $"api/campaigns/{Id}", _left.Token);
        var history = Api.GetAsync<ListOf<HistoryEntry>>(OperatorApi.Coupons, $"api/campaigns/{Id}/history?limit=200", _left.Token);
        await Task.WhenAll(campaign, history);
        var (read, trail) = (await campaign, await history);
        _refusal = read.Refusal ?? trail.Refusal;
        if (read.Value is { } found) { Show(found, read.ETag); }
        await TakeHistoryAsync(trail);
    }

    private void Show(CampaignView campaign, string? etag)
    {
        (_campaign, _etag) = (campaign, etag);
        (_draft, _former) = (CampaignDraft.Of(campaign), CampaignDraft.Of(campaign));
        _wrong = [];
    }

    private void Check() => _wrong = _draft.Check().ToDictionary(field => field.Key, field => T[field.Value]);

    private async Task SaveAsync()
    {
        Check();
        _isRefused = _wrong.Count > 0;
        if (_isRefused) { return; }
        if (Id is null)
        {
            if (await ActAsync(Api.PostAsync<CampaignView>(OperatorApi.Coupons, "api/campaigns", _draft.ToBody(isNew: true), _left.Token)) is { } made) { Navigation.NavigateTo($"campaigns/{made.Campaign.Id}"); }
            return;
        }
        var changed = Changed();
        if (changed.Count == 0) { return; }
        if (await ActAsync(Api.PatchAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{Id}", changed, _etag ?? "*", _left.Token)) is not { } saved) { return; }
        Show(saved.Campaign, saved.ETag);
        await ReadHistoryAsync();
    }

    // Only what differs is sent: the rest may be fixed in this state.
    private Dictionary<string, object?> Changed()
    {
        var former = _former.ToBody(isNew: false);
        return _draft.ToBody(isNew: false).Where(field => !Same(field.Value, former[field.Key])).ToDictionary();
    }

    private async Task TransitAsync(string action)
    {
        // What stands on the screen is what members are promised from here on.
        if (action == "schedule" && Changed().Count > 0)
        {
            _refusal = new("", 0, T["campaign.saveFirst"], new Dictionary<string, string[]>(), []);
            return;
        }
        if (await Dialogs.ShowMessageBoxAsync(T["action." + action], T["confirm." + action], yesText: T["action." + action], cancelText: T["cancel"]) is not true) { return; }
        if (await ActAsync(Api.PostAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{Id}/{action}", null, _left.Token, _etag)) is not { } stands) { return; }
        // What was typed and is not saved yet stays: a state changes no field.
        (_campaign, _etag) = stands;
        await ReadHistoryAsync();
    }

    private async Task<(CampaignView Campaign, string? ETag)?> ActAsync(Task<Answer<CampaignView>> asked)
    {
        _busy = true;
        var answer = await asked;
        _busy = false;
        _refusal = answer.Refusal;
        if (answer.Refusal is { } refusal)
        {
            (_wrong, var elsewhere) = ShownFields.Place(refusal.Errors, _draft);
            _refusal = refusal with { Errors = elsewhere, Words = refusal.Errors.Count > 0 ? T["check.fields", refusal.Errors.Count] : refusal.Words };
        }
        if (answer.Value is not { } campaign) { return null; }
        Snackbar.Add(T["saved"], Severity.Success);
        return (campaign, answer.ETag);
    }

    // What was typed and is not saved yet stays: a list changes no other field.
    private async Task UploadedAsync(string? etag)
    {
        _etag = etag ?? _etag;
        await ReadHistoryAsync();
    }

    private async Task ReadHistoryAsync() =>
        await TakeHistoryAsync(await Api.GetAsync<ListOf<HistoryEntry>>(OperatorApi.Coupons, $"api/campaigns/{Id}/history?limit=200", _left.Token));

    private async Task TakeHistoryAsync(Answer<ListOf<HistoryEntry>> read)
    {
        _history = read.Value?.Items ?? _history;
        foreach (var by in _history.Select(entry => entry.By).Distinct().Except(_names.Keys).Take(NamesMax).ToList())
        {
            // Whose name cannot be had is told by the id.
            if ((await Api.GetAsync<FoundMember>(OperatorApi.Users, $"api/operations/members?id={by}", _left.Token)).Value is { } found) { _names[by] = found.DisplayName; }
        }
    }

    private static bool Same(object? one, object? other) => System.Text.Json.JsonSerializer.Serialize(one) == System.Text.Json.JsonSerializer.Serialize(other);
}
