<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>DataReport</name>
    <message numerus="yes">
        <source>%Ln photograph(s) with label maps ({kind}, labels of {label_set})</source>
        <translation>
            <numerusform>%Ln photograph with label maps ({kind}, labels of {label_set})</numerusform>
            <numerusform>%Ln photographs with label maps ({kind}, labels of {label_set})</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln problem(s) to put right before training:</source>
        <translation>
            <numerusform>%Ln problem to put right before training:</numerusform>
            <numerusform>%Ln problems to put right before training:</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln has/have instance maps</source>
        <translation>
            <numerusform>%Ln has instance maps</numerusform>
            <numerusform>%Ln have instance maps</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln photograph(s) that occur(s) more than once: {names}</source>
        <translation>
            <numerusform>Warning: %Ln photograph that occurs more than once: {names}</numerusform>
            <numerusform>Warning: %Ln photographs that occur more than once: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln tiny photograph(s): {names}</source>
        <translation>
            <numerusform>Warning: %Ln tiny photograph: {names}</numerusform>
            <numerusform>Warning: %Ln tiny photographs: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln label(s) that no picture shows: {names}</source>
        <translation>
            <numerusform>Warning: %Ln label that no picture shows: {names}</numerusform>
            <numerusform>Warning: %Ln labels that no picture shows: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>  {share}  {name} (%Ln picture(s))</source>
        <translation>
            <numerusform>  {share}  {name} (%Ln picture)</numerusform>
            <numerusform>  {share}  {name} (%Ln pictures)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>and %Ln more</numerusform>
            <numerusform>and %Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportController</name>
    <message numerus="yes">
        <source>An export is running: {done} of %Ln picture(s) done. It can be resumed later.</source>
        <translation>
            <numerusform>An export is running: {done} of %Ln picture done. It can be resumed later.</numerusform>
            <numerusform>An export is running: {done} of %Ln pictures done. It can be resumed later.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>A video is being made: {done} of %Ln frame(s) done. Once stopped, it begins anew.</source>
        <translation>
            <numerusform>A video is being made: {done} of %Ln frame done. Once stopped, it begins anew.</numerusform>
            <numerusform>A video is being made: {done} of %Ln frames done. Once stopped, it begins anew.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportForm</name>
    <message numerus="yes">
        <source>The %n style(s) chosen in the sheet</source>
        <translation>
            <numerusform>The %n style chosen in the sheet</numerusform>
            <numerusform>The %n styles chosen in the sheet</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s)</source>
        <translation>
            <numerusform>%Ln picture</numerusform>
            <numerusform>%Ln pictures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportWindow</name>
    <message numerus="yes">
        <source>%Ln file(s) with these names in {folder}, not from this export.</source>
        <translation>
            <numerusform>%Ln file with these names in {folder}, not from this export.</numerusform>
            <numerusform>%Ln files with these names in {folder}, not from this export.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Another export into this folder cannot go on then: %Ln picture(s) done, {missing} missing.</source>
        <translation>
            <numerusform>Another export into this folder cannot go on then: %Ln picture done, {missing} missing.</numerusform>
            <numerusform>Another export into this folder cannot go on then: %Ln pictures done, {missing} missing.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>This folder holds an export of %Ln picture(s), {missing} missing.</source>
        <translation>
            <numerusform>This folder holds an export of %Ln picture, {missing} missing.</numerusform>
            <numerusform>This folder holds an export of %Ln pictures, {missing} missing.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{done} of %Ln picture(s)</source>
        <translation>
            <numerusform>{done} of %Ln picture</numerusform>
            <numerusform>{done} of %Ln pictures</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Paused: {done} of %Ln picture(s) done.</source>
        <translation>
            <numerusform>Paused: {done} of %Ln picture done.</numerusform>
            <numerusform>Paused: {done} of %Ln pictures done.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Done: %Ln picture(s) in {folder}.</source>
        <translation>
            <numerusform>Done: %Ln picture in {folder}.</numerusform>
            <numerusform>Done: %Ln pictures in {folder}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) failed, {done} done. Export tries again.</source>
        <translation>
            <numerusform>%Ln picture failed, {done} done. Export tries again.</numerusform>
            <numerusform>%Ln pictures failed, {done} done. Export tries again.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Stopped: {done} of %Ln picture(s) done. Export goes on from here.</source>
        <translation>
            <numerusform>Stopped: {done} of %Ln picture done. Export goes on from here.</numerusform>
            <numerusform>Stopped: {done} of %Ln pictures done. Export goes on from here.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>… and %Ln more, in the manifest</source>
        <translation>
            <numerusform>… and %Ln more, in the manifest</numerusform>
            <numerusform>… and %Ln more, in the manifest</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>HistoryPanel</name>
    <message numerus="yes">
        <source>%Ln earlier step(s) forgotten</source>
        <translation>
            <numerusform>%Ln earlier step forgotten</numerusform>
            <numerusform>%Ln earlier steps forgotten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln step(s), {used:.1f} of {budget:.0f} MB</source>
        <translation>
            <numerusform>%Ln step, {used:.1f} of {budget:.0f} MB</numerusform>
            <numerusform>%Ln steps, {used:.1f} of {budget:.0f} MB</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message numerus="yes">
        <source>%Ln colour(s), {share} of the pixels, not in {name}.</source>
        <translation>
            <numerusform>%Ln colour, {share} of the pixels, not in {name}.</numerusform>
            <numerusform>%Ln colours, {share} of the pixels, not in {name}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln pixel(s) become(s) unlabeled</source>
        <translation>
            <numerusform>%Ln pixel becomes unlabeled</numerusform>
            <numerusform>%Ln pixels become unlabeled</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln value(s), {share} of the pixels, not in {name}.</source>
        <translation>
            <numerusform>%Ln value, {share} of the pixels, not in {name}.</numerusform>
            <numerusform>%Ln values, {share} of the pixels, not in {name}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{names} and %Ln more</source>
        <translation>
            <numerusform>{names} and %Ln more</numerusform>
            <numerusform>{names} and %Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>OriginMenu</name>
    <message numerus="yes">
        <source>%Ln more</source>
        <translation>
            <numerusform>%Ln more</numerusform>
            <numerusform>%Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PaletteController</name>
    <message numerus="yes">
        <source>{name}: {share} of the layout, %Ln region(s)</source>
        <translation>
            <numerusform>{name}: {share} of the layout, %Ln region</numerusform>
            <numerusform>{name}: {share} of the layout, %Ln regions</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QuestionsForm</name>
    <message numerus="yes">
        <source>{name}, %Ln label(s)</source>
        <translation>
            <numerusform>{name}, %Ln label</numerusform>
            <numerusform>{name}, %Ln labels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RenderingController</name>
    <message numerus="yes">
        <source>{names} and %Ln more</source>
        <translation>
            <numerusform>{names} and %Ln more</numerusform>
            <numerusform>{names} and %Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RunPage</name>
    <message numerus="yes">
        <source>%Ln warning(s) in the log</source>
        <translation>
            <numerusform>%Ln warning in the log</numerusform>
            <numerusform>%Ln warnings in the log</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln day(s) {hours} h</source>
        <translation>
            <numerusform>%Ln day {hours} h</numerusform>
            <numerusform>%Ln days {hours} h</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message numerus="yes">
        <source>Made of %Ln photograph(s)</source>
        <translation>
            <numerusform>Made of %Ln photograph</numerusform>
            <numerusform>Made of %Ln photographs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StyleCollection</name>
    <message numerus="yes">
        <source>The first %Ln photograph(s) taken, {left} left.</source>
        <translation>
            <numerusform>The first %Ln photograph taken, {left} left.</numerusform>
            <numerusform>The first %Ln photographs taken, {left} left.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SwitchDialog</name>
    <message numerus="yes">
        <source>%Ln pixel(s)</source>
        <translation>
            <numerusform>%Ln pixel</numerusform>
            <numerusform>%Ln pixels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VariationsWindow</name>
    <message numerus="yes">
        <source>{done} of %Ln picture(s)</source>
        <translation>
            <numerusform>{done} of %Ln picture</numerusform>
            <numerusform>{done} of %Ln pictures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Video</name>
    <message numerus="yes">
        <source>{there} of %Ln frame(s) came back from the video</source>
        <translation>
            <numerusform>{there} of %Ln frame came back from the video</numerusform>
            <numerusform>{there} of %Ln frames came back from the video</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VideoWindow</name>
    <message numerus="yes">
        <source>%n style(s): {names}</source>
        <translation>
            <numerusform>%n style: {names}</numerusform>
            <numerusform>%n styles: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln frame(s), {seconds:.1f} s</source>
        <translation>
            <numerusform>%Ln frame, {seconds:.1f} s</numerusform>
            <numerusform>%Ln frames, {seconds:.1f} s</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{done} of %Ln frame(s)</source>
        <translation>
            <numerusform>{done} of %Ln frame</numerusform>
            <numerusform>{done} of %Ln frames</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WeightsReport</name>
    <message numerus="yes">
        <source>%Ln parameter(s)</source>
        <translation>
            <numerusform>%Ln parameter</numerusform>
            <numerusform>%Ln parameters</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln label(s)</source>
        <translation>
            <numerusform>%Ln label</numerusform>
            <numerusform>%Ln labels</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{name} (%Ln pixel(s), {share})</source>
        <translation>
            <numerusform>{name} (%Ln pixel, {share})</numerusform>
            <numerusform>{name} (%Ln pixels, {share})</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WindowDocuments</name>
    <message numerus="yes">
        <source>%n other file(s) not opened: only one opens at a time.</source>
        <translation>
            <numerusform>%n other file not opened: only one opens at a time.</numerusform>
            <numerusform>%n other files not opened: only one opens at a time.</numerusform>
        </translation>
    </message>
</context>
</TS>
