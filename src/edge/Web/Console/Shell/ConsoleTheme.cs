using MudBlazor;

namespace FirstCome.Web.Console.Shell;

/// <summary>Fonts that the operator's machine has, Korean ones too; colours with enough contrast in both modes.</summary>
internal static class ConsoleTheme
{
    private static readonly string[] s_fonts = ["system-ui", "-apple-system", "Segoe UI", "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "sans-serif"];

    public static readonly MudTheme Theme = new()
    {
        PaletteLight = new PaletteLight { Primary = "#3949ab", AppbarBackground = "#303f9f", TextSecondary = "#4b4f5c", Success = "#1b6e2e", Warning = "#8a5200", Error = "#b3261e", Info = "#0b5cad" },
        PaletteDark = new PaletteDark { Primary = "#aab6ff", PrimaryContrastText = "#15171f", SuccessContrastText = "#15171f", WarningContrastText = "#15171f", ErrorContrastText = "#15171f", InfoContrastText = "#15171f", TextSecondary = "#c3c3d2", Success = "#7bd88f", Warning = "#ffc266", Error = "#ff9a93", Info = "#8ec8ff" },
        Typography = new Typography { Default = new DefaultTypography { FontFamily = s_fonts } },
    };
}
