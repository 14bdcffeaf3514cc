using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Calls;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace FirstCome.Web.Console.Campaigns;

public sealed partial class CampaignPage
{
    private readonly CancellationTokenSource _left = new();
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
        _history = trail.Value?.Items ?? _history;
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
        var body = _draft.ToBody(isNew: Id is null);
        if (Id is not null)
        {
            // Only what differs is sent: the rest may be fixed in this state.
            var former = _former.ToBody(isNew: false);
            foreach (var same in body.Where(field => Same(field.Value, former[field.Key])).Select(field => field.Key).ToList()) { body.Remove(same); }
            if (body.Count == 0) { return; }
        }
        await ActAsync(Id is null
            ? Api.PostAsync<CampaignView>(OperatorApi.Coupons, "api/campaigns", body, _left.Token)
            : Api.PatchAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{Id}", body, _etag ?? "*", _left.Token));
    }

    private async Task TransitAsync(string action)
    {
        var isSure = await Dialogs.ShowMessageBoxAsync(T["action." + action], T["confirm." + action], yesText: T["action." + action], cancelText: T["cancel"]);
        if (isSure == true) { await ActAsync(Api.PostAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{Id}/{action}", null, _left.Token, _etag)); }
    }

    private async Task ActAsync(Task<Answer<CampaignView>> asked)
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
        if (answer.Value is not { } campaign) { return; }
        Snackbar.Add(T["saved"], Severity.Success);
        if (Id is null)
        {
            Navigation.NavigateTo($"campaigns/{campaign.Id}");
            return;
        }
        Show(campaign, answer.ETag);
        await ReadHistoryAsync();
    }

    // What was typed and is not saved yet stays: a list changes no other field.
    private async Task UploadedAsync(string? etag)
    {
        _etag = etag ?? _etag;
        await ReadHistoryAsync();
    }

    private async Task ReadHistoryAsync() =>
        _history = (await Api.GetAsync<ListOf<HistoryEntry>>(OperatorApi.Coupons, $"api/campaigns/{Id}/history?limit=200", _left.Token)).Value?.Items ?? _history;

    private static bool Same(object? one, object? other) => System.Text.Json.JsonSerializer.Serialize(one) == System.Text.Json.JsonSerializer.Serialize(other);
}
